//! `conversations.open`: direct messages with one person.

use serde_json::json;

use crate::clock;
use crate::method::call::MethodCall;
use crate::method::refusal::{MethodOutcome, fields};
use crate::state::workspace::ChannelKind;

/// `conversations.open`. Messages with several people at once are not simulated.
pub(crate) fn run(call: &MethodCall<'_>) -> MethodOutcome {
    if let Some(id) = call.args.text("channel") {
        return call.host.read(|ws| {
            let channel = ws
                .channel(&id)
                .filter(|c| c.is_im() && ws.bot_is_in(c))
                .ok_or("channel_not_found")?;
            Ok(fields(
                json!({ "no_op": true, "already_open": true, "channel": { "id": channel.id } }),
            ))
        });
    }
    let users = call.args.text("users").ok_or("users_list_not_supplied")?;
    let users: Vec<&str> = users
        .split(',')
        .map(str::trim)
        .filter(|u| !u.is_empty())
        .collect();
    if users.len() > 8 {
        return Err("too_many_users".into());
    }
    let [user] = users[..] else {
        return Err("not_enough_users".into());
    };
    call.require_scope(&format!(
        "{}:write",
        ChannelKind::Im(String::new()).scope_family()
    ))?;
    call.host.change(|ws| {
        let person = ws.person(user).ok_or("user_not_found")?;
        if person.deleted {
            return Err("user_disabled".into());
        }
        if person.is_bot {
            return Err("invalid_user_combination".into());
        }
        let (id, already_open) = ws.open_im(user, clock::now_seconds());
        let whole = call.args.flag("return_im");
        let channel = match ws.channel(&id).filter(|_| whole) {
            Some(channel) => channel.json(&ws.team, &ws.app, false),
            None => json!({ "id": id }),
        };
        let mut reply = fields(json!({ "channel": channel }));
        if already_open {
            reply.insert("no_op".to_owned(), json!(true));
            reply.insert("already_open".to_owned(), json!(true));
        }
        Ok(reply)
    })
}
