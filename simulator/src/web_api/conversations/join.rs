//! `conversations.join` and `conversations.leave`.

use serde_json::json;

use crate::method::call::MethodCall;
use crate::method::refusal::{MethodOutcome, fields};
use crate::state::workspace::ChannelKind;

/// `conversations.join`: public channels.
pub(crate) fn run(call: &MethodCall<'_>) -> MethodOutcome {
    call.host.change(|ws| {
        let channel = call.channel(ws)?;
        if channel.kind != ChannelKind::Public {
            return Err("method_not_supported_for_channel_type".into());
        }
        if channel.archived {
            return Err("is_archived".into());
        }
        let (id, bot) = (channel.id.clone(), ws.app.bot_user_id.clone());
        let joined = ws.add_member(&id, &bot);
        let channel = ws.channel(&id).map(|c| c.json(&ws.team, &ws.app, false));
        let mut reply = fields(json!({ "channel": channel }));
        if !joined {
            reply.insert("warning".to_owned(), json!("already_in_channel"));
            reply.insert(
                "response_metadata".to_owned(),
                json!({ "warnings": ["already_in_channel"] }),
            );
        }
        Ok(reply)
    })
}

/// `conversations.leave`.
pub(crate) fn leave(call: &MethodCall<'_>) -> MethodOutcome {
    call.host.change(|ws| {
        let channel = call.channel(ws)?;
        if channel.is_im() {
            return Err("method_not_supported_for_channel_type".into());
        }
        if channel.archived {
            return Err("is_archived".into());
        }
        let (id, bot) = (channel.id.clone(), ws.app.bot_user_id.clone());
        if ws.remove_member(&id, &bot) {
            return Ok(fields(json!({})));
        }
        Ok(fields(json!({ "not_in_channel": true })))
    })
}
