//! `chat.postEphemeral`.

use serde_json::json;

use super::content::{GivenContent, author, with_ids};
use crate::method::call::MethodCall;
use crate::method::refusal::{MethodOutcome, fields};
use crate::state::workspace::message::{Message, MessageContent};

/// `chat.postEphemeral`: to a member of a channel that the app is in.
pub(crate) fn run(call: &MethodCall<'_>) -> MethodOutcome {
    let args = call.args;
    let user = args.required("user")?;
    let given = GivenContent::read(args)?;
    let author = author(call)?;
    if given.is_empty() {
        return Err("no_text".into());
    }
    let thread_ts = args.text("thread_ts");
    call.host.change(|ws| {
        let channel = call.joined_channel(ws)?;
        if channel.archived {
            return Err("is_archived".into());
        }
        if channel.restricted {
            return Err("restricted_action".into());
        }
        if !channel.members.contains(&user) {
            return Err("user_not_in_channel".into());
        }
        let channel_id = channel.id.clone();
        if let Some(parent) = &thread_ts {
            ws.check_parent(&channel_id, parent)?;
        }
        let content = MessageContent {
            text: given.text.unwrap_or_default(),
            blocks: ws.with_block_ids(given.blocks.unwrap_or_default()),
            attachments: with_ids(ws, given.attachments.unwrap_or_default()),
            metadata: given.metadata.over(None),
        };
        let mut message = Message::new(ws.next_ts(), author, content);
        message.thread_ts = thread_ts;
        let ts = message.ts.clone();
        ws.add_ephemeral(&channel_id, &user, message);
        Ok(fields(json!({ "message_ts": ts })))
    })
}
