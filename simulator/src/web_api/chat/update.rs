//! `chat.update`.

use serde_json::json;

use super::content::{GivenContent, with_ids};
use crate::method::call::MethodCall;
use crate::method::refusal::{MethodOutcome, fields};
use crate::state::workspace::ChannelKind;
use crate::state::workspace::message::{MessageContent, Metadata};

/// Characters of `text`. Source: the reference of `chat.update`, `msg_too_long`.
const TEXT_MAX: usize = 4_000;

/// `chat.update`: text alone takes the blocks away; attachments and metadata stay unless given.
pub(crate) fn run(call: &MethodCall<'_>) -> MethodOutcome {
    let args = call.args;
    let (channel_id, ts) = (args.required("channel")?, args.required("ts")?);
    let given = GivenContent::read(args)?;
    if given
        .text
        .as_ref()
        .is_some_and(|text| text.chars().count() > TEXT_MAX)
    {
        return Err("msg_too_long".into());
    }
    call.host.change(|ws| {
        let channel = ws.channel(&channel_id).ok_or("channel_not_found")?;
        if channel.kind != ChannelKind::Public && !ws.bot_is_in(channel) {
            return Err("channel_not_found".into());
        }
        let message = ws.message(&channel_id, &ts).ok_or("message_not_found")?;
        if !message.is_from_app() {
            return Err("cant_update_message".into());
        }
        if channel.archived {
            return Err("is_inactive".into());
        }
        let old = message.content.clone();
        let keeps_attachments = given.attachments.is_none() && !old.attachments.is_empty();
        if given.is_empty() && !(keeps_attachments && given.text.is_none() && given.blocks.is_none()) {
            return Err("no_text".into());
        }
        let only_text = given.text.is_some() && given.blocks.is_none() && given.attachments.is_none();
        let content = MessageContent {
            blocks: match given.blocks {
                Some(blocks) => ws.with_block_ids(blocks),
                None if given.text.is_some() => Vec::new(),
                None => old.blocks.clone(),
            },
            text: given.text.unwrap_or_else(|| old.text.clone()),
            attachments: match given.attachments {
                Some(attachments) => with_ids(ws, attachments),
                None => old.attachments.clone(),
            },
            metadata: given.metadata.over(old.metadata.clone()),
        };
        let flag = (only_text && content.text != old.text).then(|| ws.app.bot_user_id.clone());
        let text = content.text.clone();
        ws.replace_content(&channel_id, &ts, content, flag);
        Ok(fields(json!({
            "channel": channel_id,
            "ts": ts,
            "text": text,
            "message": ws.channel(&channel_id).and_then(|c| {
                Some(ws.message_json(c, c.messages.get(&ts)?, Metadata::Whole))
            }),
        })))
    })
}
