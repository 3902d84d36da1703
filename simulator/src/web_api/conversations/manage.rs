//! Making and changing channels: `conversations.create`, `.rename`, `.archive`, `.setTopic`, `.setPurpose`, `.invite`.

use serde_json::{Value, json};

use crate::clock;
use crate::method::call::MethodCall;
use crate::method::refusal::{MethodOutcome, MethodRefusal, fields};
use crate::state::workspace::channel::Topic;
use crate::state::workspace::{Channel, ChannelKind, SimulatedWorkspace};

/// Longest topic or purpose, in characters. Source: the reference of `conversations.setTopic`.
const TOPIC_MAX: usize = 250;

/// What the bot needs to change channels of this kind.
fn manage_scope(kind: &ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Public => "channels:manage",
        ChannelKind::Private => "groups:write",
        ChannelKind::Im(_) => "im:write",
    }
}

/// A channel that the bot is in and may change, by id. What it may not see is not there for it.
fn managed<'w>(call: &MethodCall<'_>, ws: &'w SimulatedWorkspace) -> Result<&'w Channel, MethodRefusal> {
    let channel = call.channel(ws)?;
    call.require_scope(manage_scope(&channel.kind))?;
    if channel.is_im() {
        return Err("method_not_supported_for_channel_type".into());
    }
    if !ws.bot_is_in(channel) {
        return Err("not_in_channel".into());
    }
    Ok(channel)
}

fn shown(ws: &SimulatedWorkspace, id: &str) -> Value {
    json!(
        ws.channel(id)
            .map(|channel| channel.json(&ws.team, &ws.app, false))
    )
}

/// `conversations.create`.
pub(crate) fn create(call: &MethodCall<'_>) -> MethodOutcome {
    let private = call.args.flag("is_private");
    let kind = if private {
        ChannelKind::Private
    } else {
        ChannelKind::Public
    };
    call.require_scope(manage_scope(&kind))?;
    let name = call.args.text("name").unwrap_or_default();
    call.host.change(|ws| {
        let bot = ws.app.bot_user_id.clone();
        let id = ws.create_channel(&bot, &name, private)?;
        Ok(fields(json!({ "channel": shown(ws, &id) })))
    })
}

/// `conversations.rename`: a channel that the bot has made, as others it may not.
pub(crate) fn rename(call: &MethodCall<'_>) -> MethodOutcome {
    let name = call.args.text("name").unwrap_or_default();
    call.host.change(|ws| {
        let channel = managed(call, ws)?;
        let bot = ws.app.bot_user_id.clone();
        if channel.archived {
            return Err("is_archived".into());
        }
        if channel.creator != bot {
            return Err("not_authorized".into());
        }
        let id = channel.id.clone();
        ws.rename_channel(&id, &bot, &name)?;
        Ok(fields(json!({ "channel": shown(ws, &id) })))
    })
}

/// `conversations.archive`. That bots cannot bring a channel back is a known fault of Slack's, and so there is no `conversations.unarchive`
/// for them.
pub(crate) fn archive(call: &MethodCall<'_>) -> MethodOutcome {
    call.host.change(|ws| {
        let channel = managed(call, ws)?;
        if channel.archived {
            return Err("already_archived".into());
        }
        if channel.name == "general" {
            return Err("cant_archive_general".into());
        }
        let (id, bot) = (channel.id.clone(), ws.app.bot_user_id.clone());
        ws.set_archived(&id, &bot, true);
        Ok(fields(json!({})))
    })
}

/// `conversations.setTopic`.
pub(crate) fn set_topic(call: &MethodCall<'_>) -> MethodOutcome {
    set(call, "topic", |channel| &mut channel.topic)
}

/// `conversations.setPurpose`.
pub(crate) fn set_purpose(call: &MethodCall<'_>) -> MethodOutcome {
    set(call, "purpose", |channel| &mut channel.purpose)
}

fn set(call: &MethodCall<'_>, name: &str, of: impl FnOnce(&mut Channel) -> &mut Topic) -> MethodOutcome {
    let value = call.args.text(name).unwrap_or_default();
    if value.chars().count() > TOPIC_MAX {
        return Err("too_long".into());
    }
    call.host.change(|ws| {
        let channel = managed(call, ws)?;
        if channel.archived {
            return Err("is_archived".into());
        }
        let (id, bot) = (channel.id.clone(), ws.app.bot_user_id.clone());
        if let Some(channel) = ws.channel_mut(&id) {
            *of(channel) = Topic {
                value: value.clone(),
                creator: bot.clone(),
                last_set: clock::now_seconds(),
            };
        }
        ws.touch(&id);
        let what = format!("set the channel {name}: {value}");
        ws.post_notice(&id, &bot, &format!("channel_{name}"), &what);
        Ok(fields(json!({ "channel": shown(ws, &id) })))
    })
}

/// People whom one call invites. Source: the reference of `conversations.invite`.
const INVITED_MAX: usize = 100;

/// `conversations.invite`: all of them, or with `force` those who can be.
pub(crate) fn invite(call: &MethodCall<'_>) -> MethodOutcome {
    let users = call.args.text("users").ok_or("no_user")?;
    let users: Vec<&str> = users
        .split(',')
        .map(str::trim)
        .filter(|u| !u.is_empty())
        .collect();
    if users.is_empty() || users.len() > INVITED_MAX {
        return Err("no_user".into());
    }
    let force = call.args.flag("force");
    call.host.change(|ws| {
        let channel = managed(call, ws)?;
        if channel.archived {
            return Err("is_archived".into());
        }
        let wrong = |user: &str| {
            if user == ws.app.bot_user_id {
                Some("cant_invite_self")
            } else if ws.person(user).is_none_or(|p| p.deleted) {
                Some("user_not_found")
            } else if channel.members.contains(user) {
                Some("already_in_channel")
            } else {
                None
            }
        };
        let errors: Vec<(&str, &str)> = users
            .iter()
            .filter_map(|user| wrong(user).map(|error| (*user, error)))
            .collect();
        if let Some((_, error)) = errors.first()
            && (!force || errors.len() == users.len())
        {
            let each = errors
                .iter()
                .map(|(user, error)| json!({ "user": user, "ok": false, "error": error }));
            let mut refusal = MethodRefusal::from(*error);
            refusal
                .fields
                .insert("errors".to_owned(), each.collect::<Value>());
            return Err(refusal);
        }
        let id = channel.id.clone();
        for user in users
            .iter()
            .filter(|user| !errors.iter().any(|(wrong, _)| wrong == *user))
        {
            ws.add_member(&id, user);
        }
        Ok(fields(json!({ "channel": shown(ws, &id) })))
    })
}
