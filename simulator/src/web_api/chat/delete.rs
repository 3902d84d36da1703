//! `chat.delete`.

use serde_json::json;

use crate::method::call::MethodCall;
use crate::method::refusal::{MethodOutcome, fields};
use crate::state::workspace::ChannelKind;
use crate::state::workspace::message::MessageAuthor;

/// `chat.delete`: own messages only, and none that were posted under another name.
pub(crate) fn run(call: &MethodCall<'_>) -> MethodOutcome {
    let (channel_id, ts) = (call.args.required("channel")?, call.args.required("ts")?);
    call.host.change(|ws| {
        let channel = ws.channel(&channel_id).ok_or("channel_not_found")?;
        if channel.kind != ChannelKind::Public && !ws.bot_is_in(channel) {
            return Err("channel_not_found".into());
        }
        let message = ws.message(&channel_id, &ts).ok_or("message_not_found")?;
        match &message.author {
            MessageAuthor::App { username: None, .. } => {}
            MessageAuthor::App {
                username: Some(_), ..
            }
            | MessageAuthor::Person { .. } => {
                return Err("cant_delete_message".into());
            }
        }
        ws.delete_message(&channel_id, &ts);
        Ok(fields(json!({ "channel": channel_id, "ts": ts })))
    })
}
