//! `chat.unfurl`. Source: its reference, and Slack, "Unfurling links in messages".

use serde_json::{Map, Value};

use crate::block_kit;
use crate::method::call::MethodCall;
use crate::method::refusal::{Fields, MethodOutcome, MethodRefusal};
use crate::state::workspace::{Preview, SharedLink, SimulatedWorkspace};

/// Where the links are: in a message, or in a composer.
enum Place {
    Message { channel: String, ts: String },
    Composer(String),
}

/// `chat.unfurl`: previews for links of which the app was told, and only those. A second call for the same
/// message replaces what the first showed, of all its links.
pub(crate) fn run(call: &MethodCall<'_>) -> MethodOutcome {
    let unfurls = unfurls(call)?;
    let place = call.host.read(|ws| place(call, ws))?;
    call.host.change(|ws| {
        let (links, open) = shared(ws, &place)?;
        if !open {
            // Slack says so, too, while the app has not answered the event yet.
            return Err("cannot_unfurl_url".into());
        }
        for url in unfurls.keys() {
            if !links.iter().any(|link| link.url == *url) {
                return Err("cannot_unfurl_url".into());
            }
        }
        show(ws, &place, unfurls);
        Ok(Fields::new())
    })
}

/// The map of URL to attachment, each with blocks that Slack shows in a preview.
fn unfurls(call: &MethodCall<'_>) -> Result<Map<String, Value>, MethodRefusal> {
    let given = call
        .args
        .structure("unfurls")
        .map_err(|_| MethodRefusal::from("invalid_unfurls_format"))?;
    let unfurls = match given {
        None => return Err("missing_unfurls".into()),
        Some(Value::Object(unfurls)) if !unfurls.is_empty() => unfurls,
        Some(_) => return Err("invalid_unfurls_format".into()),
    };
    for unfurl in unfurls.values() {
        let Some(fields) = unfurl.as_object() else {
            return Err("invalid_unfurls_format".into());
        };
        let preview = fields.get("preview").and_then(Value::as_object);
        let is_empty = [
            "blocks",
            "text",
            "title",
            "fallback",
            "image_url",
            "pretext",
            "fields",
            "preview",
        ]
        .iter()
        .all(|key| !fields.contains_key(*key));
        if is_empty && preview.is_none() {
            return Err("cannot_parse_attachment".into());
        }
        let problems = block_kit::unfurl_problems(unfurl);
        if !problems.is_empty() {
            return Err(MethodRefusal::invalid_blocks(&problems));
        }
    }
    Ok(unfurls)
}

fn place(call: &MethodCall<'_>, ws: &SimulatedWorkspace) -> Result<Place, MethodRefusal> {
    let args = call.args;
    if let Some(unfurl_id) = args.text("unfurl_id") {
        let source = args.text("source").ok_or("missing_source")?;
        return match source.as_str() {
            "composer" => Ok(Place::Composer(unfurl_id)),
            "conversations_history" => ws
                .channels
                .iter()
                .find_map(|channel| {
                    let message = channel.messages.values().find(|m| m.unfurl_id == unfurl_id)?;
                    Some(Place::Message {
                        channel: channel.id.clone(),
                        ts: message.ts.clone(),
                    })
                })
                .ok_or_else(|| "invalid_unfurl_id".into()),
            _ => Err("invalid_source".into()),
        };
    }
    if args.text("source").is_some() {
        return Err("missing_unfurl_id".into());
    }
    let channel = args.text("channel").ok_or("missing_channel")?;
    let ts = args.text("ts").ok_or("missing_ts")?;
    if ws.channel(&channel).is_none() {
        return Err("cannot_find_channel".into());
    }
    Ok(Place::Message { channel, ts })
}

/// The links there, and whether the app may unfurl them yet.
fn shared(ws: &SimulatedWorkspace, place: &Place) -> Result<(Vec<SharedLink>, bool), MethodRefusal> {
    match place {
        Place::Composer(unfurl_id) => {
            let composed = ws
                .composed
                .iter()
                .find(|c| c.unfurl_id == *unfurl_id)
                .ok_or("invalid_unfurl_id")?;
            Ok((composed.links.clone(), composed.unfurl_open))
        }
        Place::Message { channel, ts } => {
            let message = ws.message(channel, ts).ok_or("cannot_find_message")?;
            if message.is_from_app() {
                return Err("cannot_unfurl_message".into());
            }
            Ok((message.links.clone(), message.unfurl_open))
        }
    }
}

fn show(ws: &mut SimulatedWorkspace, place: &Place, unfurls: Map<String, Value>) {
    let mut unfurls: Vec<Preview> = unfurls
        .into_iter()
        .map(|(url, content)| Preview { url, content })
        .collect();
    for preview in &mut unfurls {
        if let Some(Value::Array(blocks)) = preview.content.get_mut("blocks") {
            *blocks = ws.with_block_ids(std::mem::take(blocks));
        }
    }
    match place {
        Place::Composer(unfurl_id) => {
            let Some(composed) = ws.composed.iter_mut().find(|c| c.unfurl_id == *unfurl_id) else {
                return;
            };
            composed.previews = unfurls;
            let channel = composed.channel.clone();
            ws.touch(&channel);
        }
        Place::Message { channel, ts } => {
            let Some(previous) = ws.shown(channel, ts) else {
                return;
            };
            let message = ws.channel_mut(channel).and_then(|c| c.messages.get_mut(ts));
            if let Some(message) = message {
                message.previews = unfurls;
            }
            ws.touch(channel);
            ws.emit_changed(channel, ts, &previous);
        }
    }
}
