//! Events, before they are wrapped and signed.

use serde_json::{Value, json};

use super::channel::{Channel, ChannelKind};
use super::message::{Message, Metadata};
use super::{SharedLink, SimulatedWorkspace};
use crate::clock;
use crate::state::host::has_any;

/// Something the app may be told.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// The inner event.
    pub(crate) body: Value,
    /// Any one of these scopes entitles the app to it; none are needed when empty.
    pub(crate) scopes: &'static [&'static str],
    /// For `link_shared`: what `chat.unfurl` may name once this event has been answered.
    pub(crate) unfurls: Option<UnfurlKey>,
}

/// Where links were shared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct UnfurlKey {
    pub(crate) channel: String,
    pub(crate) message_ts: String,
    pub(crate) unfurl_id: String,
}

impl Event {
    pub(crate) fn new(body: Value, scopes: &'static [&'static str]) -> Self {
        Self {
            body,
            scopes,
            unfurls: None,
        }
    }
}

fn history_scope(kind: &ChannelKind) -> &'static [&'static str] {
    match kind {
        ChannelKind::Public => &["channels:history"],
        ChannelKind::Private => &["groups:history"],
        ChannelKind::Im(_) => &["im:history"],
    }
}

impl SimulatedWorkspace {
    /// A new message, to an app that is in the channel.
    pub(crate) fn emit_message(&mut self, channel_id: &str, ts: &str) {
        let Some((channel, message)) = self.located(channel_id, ts) else {
            return;
        };
        if !self.bot_is_in(channel) {
            return;
        }
        let mut body = self.message_json(channel, message, Metadata::Whole);
        body["channel"] = json!(channel.id);
        body["channel_type"] = json!(channel.kind.event_type());
        body["event_ts"] = json!(message.ts);
        if message.subtype.as_deref() == Some("thread_broadcast")
            && let Some(root) = message.thread_ts.as_ref().and_then(|ts| channel.messages.get(ts))
        {
            body["root"] = self.message_json(channel, root, Metadata::Whole);
        }
        let mention = format!("<@{}>", self.app.bot_user_id);
        let mentions = !message.is_from_app() && !channel.is_im() && message.content.text.contains(&mention);
        let scopes = history_scope(&channel.kind);
        let mut app_mention = body.clone();
        self.emit(Event::new(body, scopes));
        if mentions {
            app_mention["type"] = json!("app_mention");
            if let Some(fields) = app_mention.as_object_mut() {
                fields.remove("channel_type");
            }
            self.emit(Event::new(app_mention, &["app_mentions:read"]));
        }
    }

    /// A message as it was before and is now.
    pub(crate) fn emit_changed(&mut self, channel_id: &str, ts: &str, previous: &Value) {
        let event_ts = self.next_ts();
        let Some((channel, message)) = self.located(channel_id, ts) else {
            return;
        };
        if !self.bot_is_in(channel) {
            return;
        }
        let body = json!({
            "type": "message",
            "subtype": "message_changed",
            "hidden": true,
            "message": self.message_json(channel, message, Metadata::Whole),
            "previous_message": previous,
            "channel": channel.id,
            "channel_type": channel.kind.event_type(),
            "ts": event_ts,
            "event_ts": event_ts,
        });
        let scopes = history_scope(&channel.kind);
        self.emit(Event::new(body, scopes));
    }

    /// A message that is gone.
    pub(crate) fn emit_deleted(&mut self, channel_id: &str, ts: &str, previous: &Value) {
        let event_ts = self.next_ts();
        let Some(channel) = self.channel(channel_id) else {
            return;
        };
        if !self.bot_is_in(channel) {
            return;
        }
        let body = json!({
            "type": "message",
            "subtype": "message_deleted",
            "hidden": true,
            "deleted_ts": ts,
            "previous_message": previous,
            "channel": channel.id,
            "channel_type": channel.kind.event_type(),
            "ts": event_ts,
            "event_ts": event_ts,
        });
        let scopes = history_scope(&channel.kind);
        self.emit(Event::new(body, scopes));
    }

    /// Links to registered domains: told wherever they are shared, member or not.
    pub(crate) fn emit_link_shared(&mut self, shared: &LinksShared<'_>) {
        let event_ts = self.next_ts();
        let composer = shared.source == "composer";
        let is_member = self.channel(shared.channel).is_some_and(|c| self.bot_is_in(c));
        let mut body = json!({
            "type": "link_shared",
            "user": shared.user,
            "channel": if composer { "COMPOSER" } else { shared.channel },
            "message_ts": if composer { shared.unfurl_id } else { shared.message_ts },
            "unfurl_id": shared.unfurl_id,
            "source": shared.source,
            "links": shared.links,
            "is_bot_user_member": is_member,
            "user_locale": "en-US",
            "event_ts": event_ts,
        });
        if let Some(thread_ts) = shared.thread_ts {
            body["thread_ts"] = json!(thread_ts);
        }
        let key = UnfurlKey {
            channel: shared.channel.to_owned(),
            message_ts: shared.message_ts.to_owned(),
            unfurl_id: shared.unfurl_id.to_owned(),
        };
        self.emit(Event {
            unfurls: Some(key),
            ..Event::new(body, &["links:read"])
        });
    }

    /// Someone is in a channel now; the app is told when it is there too.
    pub(crate) fn emit_joined(&mut self, channel_id: &str, user: &str) {
        self.emit_membership("member_joined_channel", channel_id, user);
    }

    /// Someone has left a channel.
    pub(crate) fn emit_left(&mut self, channel_id: &str, user: &str) {
        self.emit_membership("member_left_channel", channel_id, user);
    }

    fn emit_membership(&mut self, kind: &str, channel_id: &str, user: &str) {
        let event_ts = self.next_ts();
        let Some(channel) = self.channel(channel_id) else {
            return;
        };
        if !self.bot_is_in(channel) && user != self.app.bot_user_id {
            return;
        }
        let (letter, scopes): (&str, &'static [&'static str]) = match channel.kind {
            ChannelKind::Public => ("C", &["channels:read"]),
            ChannelKind::Private => ("G", &["groups:read"]),
            ChannelKind::Im(_) => return,
        };
        let body = json!({
            "type": kind,
            "user": user,
            "channel": channel_id,
            "channel_type": letter,
            "team": self.team.id,
            "event_ts": event_ts,
        });
        self.emit(Event::new(body, scopes));
    }

    /// `channel_created`, `channel_rename`, `channel_archive`, `channel_unarchive`, `channel_deleted`, or their `group_` forms.
    pub(crate) fn emit_channel(&mut self, what: &str, channel_id: &str, user: &str) {
        let event_ts = self.next_ts();
        let Some(channel) = self.channel(channel_id) else {
            return;
        };
        let (family, scopes): (&str, &'static [&'static str]) = match channel.kind {
            ChannelKind::Public => ("channel", &["channels:read"]),
            ChannelKind::Private if self.bot_is_in(channel) => ("group", &["groups:read"]),
            ChannelKind::Private | ChannelKind::Im(_) => return,
        };
        let mut body = json!({ "type": format!("{family}_{what}"), "event_ts": event_ts });
        if matches!(what, "created" | "rename") {
            body["channel"] = json!({
                "id": channel.id,
                "name": channel.name,
                "name_normalized": channel.name,
                "is_channel": true,
                "created": channel.created,
                "creator": channel.creator,
            });
        } else {
            body["channel"] = json!(channel.id);
            let who = if what == "deleted" { "actor_id" } else { "user" };
            body[who] = json!(user);
        }
        self.emit(Event::new(body, scopes));
    }

    /// `user_change`, where a person's name, address or standing has changed, or `team_join`.
    pub(crate) fn emit_user(&mut self, kind: &str, user: &str) {
        let with_email = has_any(self.installation.scopes(), &["users:read.email"]);
        let event_ts = self.next_ts();
        let Some(person) = self.person(user) else { return };
        let body = json!({
            "type": kind,
            "user": person.json(&self.team, &self.app, with_email),
            "cache_ts": clock::now_seconds(),
            "event_ts": event_ts,
        });
        self.emit(Event::new(body, &["users:read"]));
    }

    /// An emoji was put on a message or taken off.
    pub(crate) fn emit_reaction(&mut self, kind: &str, channel_id: &str, ts: &str, user: &str, name: &str) {
        let event_ts = self.next_ts();
        let Some((channel, message)) = self.located(channel_id, ts) else {
            return;
        };
        if !self.bot_is_in(channel) {
            return;
        }
        let mut body = json!({
            "type": kind,
            "user": user,
            "reaction": name,
            "item": { "type": "message", "channel": channel_id, "ts": ts },
            "event_ts": event_ts,
        });
        if let Some(author) = message.user(&self.app) {
            body["item_user"] = json!(author);
        }
        self.emit(Event::new(body, &["reactions:read"]));
    }

    fn located(&self, channel_id: &str, ts: &str) -> Option<(&Channel, &Message)> {
        let channel = self.channel(channel_id)?;
        Some((channel, channel.messages.get(ts)?))
    }
}

/// What `link_shared` tells.
pub(crate) struct LinksShared<'a> {
    pub(crate) user: &'a str,
    pub(crate) channel: &'a str,
    pub(crate) message_ts: &'a str,
    pub(crate) thread_ts: Option<&'a str>,
    pub(crate) unfurl_id: &'a str,
    /// `conversations_history` or `composer`.
    pub(crate) source: &'static str,
    pub(crate) links: &'a [SharedLink],
}
