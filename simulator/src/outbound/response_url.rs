//! Replies by `response_url`: up to five posts within thirty minutes, without a token.
//!
//! Source: Slack, "Handling user interaction".

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::block_kit;
use crate::state::host::{Host, lock};
use crate::state::response_urls::InteractionPlace;
use crate::state::workspace::SimulatedWorkspace;
use crate::state::workspace::message::{Message, MessageAuthor, MessageContent};

pub(crate) fn routes() -> Router<Arc<Host>> {
    Router::new()
        .route("/actions/{secret}", post(reply))
        .route("/commands/{secret}", post(reply))
}

async fn reply(State(host): State<Arc<Host>>, Path(secret): Path<String>, body: Bytes) -> Response {
    let refused = |status: StatusCode, error: &str| {
        (status, axum::Json(json!({ "ok": false, "error": error }))).into_response()
    };
    let Ok(reply) = serde_json::from_slice::<Value>(&body) else {
        return refused(StatusCode::BAD_REQUEST, "invalid_payload");
    };
    let origin = match lock(&host.response_urls).take(&secret) {
        Ok(origin) => origin,
        Err(error) => return refused(StatusCode::NOT_FOUND, error),
    };
    match say(&host, &origin, &reply) {
        Ok(()) => axum::Json(json!({ "ok": true })).into_response(),
        Err(error) => refused(StatusCode::BAD_REQUEST, error),
    }
}

/// Does what the reply says: replaces or deletes the original, or shows a message.
pub(crate) fn say(host: &Host, origin: &InteractionPlace, reply: &Value) -> Result<(), &'static str> {
    if !reply.is_object() {
        return Err("invalid_payload");
    }
    if reply["delete_original"] == true {
        return host.change(|ws| replace(ws, origin, None));
    }
    let in_channel = reply["response_type"] == "in_channel";
    let text = reply["text"].as_str().unwrap_or_default().to_owned();
    let list = |key: &str| reply[key].as_array().cloned().unwrap_or_default();
    let content = MessageContent {
        text,
        blocks: list("blocks"),
        attachments: list("attachments"),
        metadata: None,
    };
    if content.text.is_empty() && content.blocks.is_empty() && content.attachments.is_empty() {
        // `{"response_type":"in_channel"}` alone only shows what was typed.
        return if in_channel { Ok(()) } else { Err("no_text") };
    }
    if !block_kit::message_problems(&content.blocks, &content.attachments).is_empty() {
        return Err("invalid_blocks");
    }
    if reply["replace_original"] == true {
        return host.change(|ws| replace(ws, origin, Some(content)));
    }
    let thread_ts = reply["thread_ts"].as_str().map(str::to_owned);
    host.change(|ws| {
        if let Some(parent) = &thread_ts {
            ws.check_parent(&origin.channel, parent)?;
        }
        let mut message = Message::new(
            ws.next_ts(),
            MessageAuthor::App {
                username: None,
                icons: None,
            },
            content,
        );
        message.content.blocks = ws.with_block_ids(message.content.blocks);
        message.thread_ts = thread_ts;
        if in_channel {
            message.subtype = Some("bot_message".to_owned());
            ws.add_message(&origin.channel, message);
        } else {
            ws.add_ephemeral(&origin.channel, &origin.user, message);
        }
        Ok(())
    })
}

/// Replaces the original message, or deletes it when there is no content.
fn replace(
    ws: &mut SimulatedWorkspace,
    origin: &InteractionPlace,
    content: Option<MessageContent>,
) -> Result<(), &'static str> {
    let ts = origin.message_ts.as_deref().ok_or("no_original_message")?;
    let channel = ws.channel_mut(&origin.channel).ok_or("channel_not_found")?;
    if let Some(at) = channel.ephemeral.iter().position(|m| m.ts == ts) {
        match content {
            Some(content) => {
                channel.ephemeral[at].content = content;
                channel.ephemeral[at].revisions += 1;
            }
            None => {
                channel.ephemeral.remove(at);
            }
        }
        ws.touch(&origin.channel);
        return Ok(());
    }
    if ws.message(&origin.channel, ts).is_none() {
        return Err("message_not_found");
    }
    match content {
        Some(content) => ws.replace_content(&origin.channel, ts, content, None),
        None => ws.delete_message(&origin.channel, ts),
    }
    Ok(())
}
