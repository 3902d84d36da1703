//! Adding, changing and removing messages and members: what the Web API and people share.

use serde_json::{Value, json};

use super::events::{LinksShared, UnfurlKey};
use super::links::shared_links;
use super::message::{Message, MessageContent, MessageEdit, Metadata};
use super::{ComposedLinks, SimulatedWorkspace};

impl SimulatedWorkspace {
    /// Puts a message into a channel, tells the app, and files a reply under its parent.
    pub(crate) fn add_message(&mut self, channel_id: &str, message: Message) -> String {
        let ts = message.ts.clone();
        let Some(channel) = self.channel_mut(channel_id) else {
            return ts;
        };
        if let Some(parent) = &message.thread_ts {
            channel
                .threads
                .entry(parent.clone())
                .or_default()
                .push(ts.clone());
        }
        channel.messages.insert(ts.clone(), message);
        self.touch(channel_id);
        self.emit_message(channel_id, &ts);
        ts
    }

    /// Notes the links of a person's message and tells the app of those to its domains.
    pub(crate) fn share_links(&mut self, channel_id: &str, ts: &str, user: &str, urls: &[String]) {
        let links = shared_links(urls, &self.unfurl_domains);
        if links.is_empty() {
            return;
        }
        let unfurl_id = format!("{channel_id}.{ts}.{}", crate::random::hex());
        let Some(message) = self.channel_mut(channel_id).and_then(|c| c.messages.get_mut(ts)) else {
            return;
        };
        message.links.clone_from(&links);
        message.unfurl_id.clone_from(&unfurl_id);
        let thread_ts = message.thread_ts.clone();
        self.emit_link_shared(&LinksShared {
            user,
            channel: channel_id,
            message_ts: ts,
            thread_ts: thread_ts.as_deref(),
            unfurl_id: &unfurl_id,
            source: "conversations_history",
            links: &links,
        });
    }

    /// Links in a composer, before the message is sent. Gives the id under which they can be unfurled, or
    /// nothing when no link is to a registered domain.
    pub(crate) fn compose_links(&mut self, channel_id: &str, user: &str, urls: &[String]) -> Option<String> {
        let links = shared_links(urls, &self.unfurl_domains);
        if links.is_empty() {
            return None;
        }
        let unfurl_id = crate::random::uuid();
        self.composed.push(ComposedLinks {
            unfurl_id: unfurl_id.clone(),
            user: user.to_owned(),
            channel: channel_id.to_owned(),
            links: links.clone(),
            unfurl_open: false,
            previews: Vec::new(),
        });
        self.touch(channel_id);
        self.emit_link_shared(&LinksShared {
            user,
            channel: channel_id,
            message_ts: "",
            thread_ts: None,
            unfurl_id: &unfurl_id,
            source: "composer",
            links: &links,
        });
        Some(unfurl_id)
    }

    /// The app has answered a `link_shared` event: it may unfurl those links from now on.
    pub(crate) fn open_unfurl(&mut self, key: &UnfurlKey) {
        if let Some(composed) = self.composed.iter_mut().find(|c| c.unfurl_id == key.unfurl_id) {
            composed.unfurl_open = true;
        }
        let channel = self.channel_mut(&key.channel);
        if let Some(message) = channel.and_then(|c| c.messages.get_mut(&key.message_ts)) {
            message.unfurl_open = true;
        }
    }

    /// The message as the app would see it now, for the `previous_message` of a change.
    pub(crate) fn shown(&self, channel_id: &str, ts: &str) -> Option<Value> {
        let channel = self.channel(channel_id)?;
        Some(self.message_json(channel, channel.messages.get(ts)?, Metadata::Whole))
    }

    /// Replaces what a message says. `flag` is who edited it, when Slack shows "(edited)".
    pub(crate) fn replace_content(
        &mut self,
        channel_id: &str,
        ts: &str,
        content: MessageContent,
        flag: Option<String>,
    ) {
        let Some(previous) = self.shown(channel_id, ts) else {
            return;
        };
        let edited_ts = self.next_ts();
        if let Some(message) = self.channel_mut(channel_id).and_then(|c| c.messages.get_mut(ts)) {
            message.content = content;
            message.revisions += 1;
            if let Some(user) = flag {
                message.edited = Some(MessageEdit { user, ts: edited_ts });
            }
        }
        self.touch(channel_id);
        self.emit_changed(channel_id, ts, &previous);
    }

    /// Deletes a message. One with replies leaves a placeholder, so that the thread stays readable.
    pub(crate) fn delete_message(&mut self, channel_id: &str, ts: &str) {
        let Some(previous) = self.shown(channel_id, ts) else {
            return;
        };
        if let Some(channel) = self.channel_mut(channel_id) {
            channel.pins.retain(|pinned| pinned != ts);
            if let Some(message) = channel.messages.get_mut(ts) {
                message.deleted = true;
            }
        }
        self.touch(channel_id);
        self.emit_deleted(channel_id, ts, &previous);
    }

    /// Shows a message to one person alone. The app gets no event, and history does not know it.
    pub(crate) fn add_ephemeral(&mut self, channel_id: &str, user: &str, mut message: Message) {
        message.ephemeral_for = Some(user.to_owned());
        if let Some(channel) = self.channel_mut(channel_id) {
            channel.ephemeral.push(message);
        }
        self.touch(channel_id);
    }

    /// Adds a member, with the notice in the channel that Slack puts there. False if already in.
    pub(crate) fn add_member(&mut self, channel_id: &str, user: &str) -> bool {
        let added = self
            .channel_mut(channel_id)
            .is_some_and(|c| c.members.insert(user.to_owned()));
        if added {
            self.post_notice(channel_id, user, "channel_join", "has joined the channel");
            self.emit_joined(channel_id, user);
        }
        added
    }

    /// Removes a member. False if not in.
    pub(crate) fn remove_member(&mut self, channel_id: &str, user: &str) -> bool {
        let removed = self
            .channel_mut(channel_id)
            .is_some_and(|c| c.members.remove(user));
        if removed {
            self.post_notice(channel_id, user, "channel_leave", "has left the channel");
            self.emit_left(channel_id, user);
        }
        removed
    }

    /// A line such as "alice has joined the channel".
    pub(crate) fn post_notice(&mut self, channel_id: &str, user: &str, subtype: &str, what: &str) {
        let ts = self.next_ts();
        let content = MessageContent {
            text: format!("<@{user}> {what}"),
            ..MessageContent::default()
        };
        let author = super::MessageAuthor::Person {
            user: user.to_owned(),
        };
        let mut message = Message::new(ts, author, content);
        message.subtype = Some(subtype.to_owned());
        self.add_message(channel_id, message);
    }

    /// The parent of a reply must be there, and be no reply itself. Refused with Slack's error.
    pub(crate) fn check_parent(&self, channel_id: &str, parent: &str) -> Result<(), &'static str> {
        let channel = self.channel(channel_id).ok_or("channel_not_found")?;
        if channel.ephemeral.iter().any(|m| m.ts == parent) {
            return Err("cannot_reply_to_message");
        }
        let message = channel.messages.get(parent).ok_or("thread_not_found")?;
        if message.deleted {
            let placeholder = channel.replies(parent).next().is_some();
            return Err(if placeholder {
                "cannot_reply_to_message"
            } else {
                "thread_not_found"
            });
        }
        if message.thread_ts.is_some() {
            return Err("cannot_reply_to_message");
        }
        Ok(())
    }

    /// The address of a message, as `chat.getPermalink` gives it.
    pub(crate) fn permalink(base: &str, channel_id: &str, message: &Message) -> String {
        let compact = message.ts.replace('.', "");
        match &message.thread_ts {
            Some(parent) => {
                format!("{base}archives/{channel_id}/p{compact}?thread_ts={parent}&cid={channel_id}")
            }
            None => format!("{base}archives/{channel_id}/p{compact}"),
        }
    }

    /// Blocks with an id each, as Slack gives to those that came without one.
    pub(crate) fn with_block_ids(&mut self, mut blocks: Vec<Value>) -> Vec<Value> {
        for block in &mut blocks {
            if block
                .get("block_id")
                .and_then(Value::as_str)
                .is_none_or(str::is_empty)
            {
                self.last_id += 1;
                block["block_id"] = json!(format!("b{:x}", self.last_id));
            }
        }
        blocks
    }
}
