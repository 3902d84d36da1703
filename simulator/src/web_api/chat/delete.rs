//! `chat.delete`.

use serde_json::json;

use crate::method::call::Call;
use crate::method::refusal::{Outcome, fields};
use crate::state::workspace::ChannelKind;
use crate::state::workspace::message::Author;

/// `chat.delete`: own messages only, and none that were posted under another name.
pub(crate) fn run(call: &Call<'_>) -> Outcome {
    let (channel_id, ts) = (call.args.required("channel")?, call.args.required("ts")?);
    call.host.change(|ws| {
        let channel = ws.channel(&channel_id).ok_or("channel_not_found")?;
        if channel.kind != ChannelKind::Public && !ws.bot_is_in(channel) {
            return Err("channel_not_found".into());
        }
        let message = ws.message(&channel_id, &ts).ok_or("message_not_found")?;
        match &message.author {
            Author::App { username: None, .. } => {}
            Author::App {
                username: Some(_), ..
            }
            | Author::Person { .. } => {
                return Err("cant_delete_message".into());
            }
        }
        ws.delete_message(&channel_id, &ts);
        Ok(fields(json!({ "channel": channel_id, "ts": ts })))
    })
}
