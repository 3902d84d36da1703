//! `chat.postMessage`.

use serde_json::json;

use super::content::{GivenContent, author};
use crate::clock;
use crate::method::call::MethodCall;
use crate::method::refusal::{MethodOutcome, MethodRefusal, fields};
use crate::state::workspace::message::{Message, MessageContent, Metadata};
use crate::state::workspace::{ChannelKind, SimulatedWorkspace};
use crate::web_api::reply::with_warning;

/// Characters after which a text is cut. Source: the reference of `chat.postMessage`.
const TEXT_CUT: usize = 40_000;

/// `chat.postMessage`.
pub(crate) fn run(call: &MethodCall<'_>) -> MethodOutcome {
    let args = call.args;
    let given = GivenContent::read(args)?;
    let author = author(call)?;
    if given.is_empty() {
        return Err("no_text".into());
    }
    let thread_ts = args.text("thread_ts");
    let broadcast = args.flag("reply_broadcast");
    call.host.change(|ws| {
        let channel_id = channel_for_post(call, ws)?;
        if let Some(parent) = &thread_ts {
            ws.check_parent(&channel_id, parent)?;
        }
        let mut text = given.text.unwrap_or_default();
        let cut = text.chars().count() > TEXT_CUT;
        if cut {
            text = text.chars().take(TEXT_CUT).collect();
        }
        let content = MessageContent {
            text,
            blocks: ws.with_block_ids(given.blocks.unwrap_or_default()),
            attachments: super::content::with_ids(ws, given.attachments.unwrap_or_default()),
            metadata: given.metadata.over(None),
        };
        let mut message = Message::new(ws.next_ts(), author, content);
        if broadcast && thread_ts.is_some() {
            message.subtype = Some("thread_broadcast".to_owned());
        }
        message.thread_ts = thread_ts;
        let ts = ws.add_message(&channel_id, message);
        let mut reply = fields(json!({
            "channel": channel_id,
            "ts": ts,
            "message": ws.channel(&channel_id).and_then(|c| {
                Some(ws.message_json(c, c.messages.get(&ts)?, Metadata::Whole))
            }),
        }));
        if cut {
            reply.insert("warning".to_owned(), json!("message_truncated"));
            reply.insert(
                "response_metadata".to_owned(),
                with_warning(&reply, "message_truncated"),
            );
        }
        Ok(reply)
    })
}

/// The channel by id, or by name as this method alone still takes it; a user id opens the direct messages.
fn channel_for_post(call: &MethodCall<'_>, ws: &mut SimulatedWorkspace) -> Result<String, MethodRefusal> {
    let wanted = call.args.required("channel")?;
    if ws.person(&wanted).is_some_and(|p| !p.is_bot && !p.deleted) {
        return Ok(ws.open_im(&wanted, clock::now_seconds()).0);
    }
    let name = wanted.trim_start_matches('#');
    let channel = ws
        .channel(&wanted)
        .or_else(|| ws.channels.iter().find(|c| !c.is_im() && c.name == name))
        .ok_or("channel_not_found")?;
    let joined = ws.bot_is_in(channel);
    if !joined && channel.kind != ChannelKind::Public {
        return Err("channel_not_found".into());
    }
    if channel.archived {
        return Err("is_archived".into());
    }
    if channel.restricted {
        return Err("restricted_action".into());
    }
    if !joined && !call.has_any_scope(&["chat:write.public"]) {
        return Err("not_in_channel".into());
    }
    Ok(channel.id.clone())
}
