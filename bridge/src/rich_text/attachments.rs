//! What is attached to a message: another message that is passed on, what an app shows, or a preview of a link that Slack added.
//!
//! A preview is not what was said: it repeats what the link leads to, comes later, and changes without anybody's doing.
//! Source: Slack, "Secondary message attachments"; those of passed-on messages (`is_share`, `is_msg_unfurl`, `message_blocks`) are not
//! documented, and read as Slack sends them.

use serde_json::Value;

use super::{
    blocks::{BOLD, linked, read_blocks, text_object},
    document::{Block, Inline, InlineContent, Style},
    elements::list,
    files::file_blocks,
    text,
};

/// What Slack writes where an app has given nothing to show.
const NO_PREVIEW: &str = "[no preview available]";

/// What people see of the attachments. Previews of links are left out, unless there is nothing else.
pub(crate) fn read_attachments(attachments: &[Value], is_all: bool) -> Vec<Block> {
    let wanted = attachments.iter().filter(|attachment| !is_preview(attachment));
    let said: Vec<_> = wanted.flat_map(read_attachment).collect();
    if !said.iter().all(Block::is_empty) || !is_all {
        return said;
    }
    attachments.iter().flat_map(read_attachment).collect()
}

/// Whether another message is passed on.
fn is_message(attachment: &Value) -> bool {
    ["is_share", "is_msg_unfurl", "is_reply_unfurl"]
        .into_iter()
        .any(|mark| attachment[mark] == true)
        || !list(&attachment["message_blocks"]).is_empty()
}

/// Whether Slack, or the app that a link belongs to, has added it to a message that has the link.
fn is_preview(attachment: &Value) -> bool {
    let is_of_link = ["from_url", "original_url", "app_unfurl_url"]
        .into_iter()
        .any(|field| attachment[field].as_str().is_some_and(|url| !url.is_empty()));
    !is_message(attachment) && (is_of_link || attachment["is_app_unfurl"] == true)
}

fn read_attachment(attachment: &Value) -> Vec<Block> {
    if is_message(attachment) {
        return message(attachment);
    }
    let mut blocks = read_blocks(list(&attachment["blocks"]));
    if blocks.iter().all(Block::is_empty) {
        blocks = legacy(attachment);
    }
    blocks.extend(file_blocks(list(&attachment["files"])));
    or_fallback(blocks, attachment)
}

/// A message that is passed on, as a quote that ends with who said it and where.
fn message(attachment: &Value) -> Vec<Block> {
    let parts = list(&attachment["message_blocks"]).iter();
    let parts: Vec<_> = parts.flat_map(|part| list(&part["message"]["blocks"])).collect();
    let mut blocks: Vec<_> = parts
        .into_iter()
        .flat_map(|block| read_blocks(std::slice::from_ref(block)))
        .collect();
    if blocks.iter().all(Block::is_empty) {
        blocks = read_blocks(list(&attachment["blocks"]));
    }
    if blocks.iter().all(Block::is_empty) {
        blocks = mrkdwn(&attachment["text"]);
    }
    if blocks.iter().all(Block::is_empty) {
        blocks = legacy_body(attachment);
    }
    // A message of an app's that is passed on brings its own attachments.
    blocks.extend(read_attachments(list(&attachment["attachments"]), false));
    blocks.extend(file_blocks(list(&attachment["files"])));
    let mut blocks = or_fallback(blocks, attachment);
    blocks.push(Block::Text(source(attachment)));
    vec![Block::Quote(blocks)]
}

/// Who said it, and where.
fn source(attachment: &Value) -> Vec<Inline> {
    let field = |name: &str| attachment[name].as_str().filter(|text| !text.trim().is_empty());
    let mut line = vec![Inline::text("— ", Style::default())];
    match (
        field("author_name").or(field("author_subname")),
        field("author_id"),
    ) {
        (Some(name), _) => line.push(Inline::text(text::unescape(name), Style::default())),
        (None, Some(id)) => line.push(Inline {
            what: InlineContent::Person {
                id: id.to_owned(),
                label: None,
            },
            style: Style::default(),
        }),
        (None, None) => line.push(Inline::text("somebody", Style::default())),
    }
    line.push(Inline::text(", ", Style::default()));
    let place = linked(
        Some("in Slack".to_owned()),
        field("from_url").or(field("original_url")),
    );
    line.extend(place);
    line
}

/// The fields of an attachment without blocks.
fn legacy(attachment: &Value) -> Vec<Block> {
    let mut blocks = mrkdwn(&attachment["pretext"]);
    blocks.extend(titled(
        &attachment["author_name"],
        &attachment["author_link"],
        Style::default(),
    ));
    blocks.extend(legacy_body(attachment));
    let actions = list(&attachment["actions"]).iter();
    blocks.extend(
        actions
            .filter(|action| action["type"] == "button")
            .filter_map(|action| titled(&action["text"], &action["url"], Style::default())),
    );
    blocks.extend(mrkdwn(&attachment["footer"]));
    blocks
}

fn legacy_body(attachment: &Value) -> Vec<Block> {
    let mut blocks: Vec<_> = titled(&attachment["title"], &attachment["title_link"], BOLD)
        .into_iter()
        .collect();
    blocks.extend(mrkdwn(&attachment["text"]));
    blocks.extend(list(&attachment["fields"]).iter().flat_map(fact));
    let image = linked(Some("image".to_owned()), attachment["image_url"].as_str());
    if attachment["image_url"].is_string() {
        blocks.extend(image.map(|image| Block::Text(vec![image])));
    }
    blocks
}

/// A fact with its name, the one beneath the other.
fn fact(field: &Value) -> Vec<Block> {
    let title = titled(&field["title"], &Value::Null, BOLD);
    let mut value = mrkdwn(&field["value"]);
    let Some(title) = title else {
        return value;
    };
    match (&title, value.first_mut()) {
        (Block::Text(title), Some(Block::Text(value))) => {
            let end = Inline::text("\n", Style::default());
            value.splice(0..0, title.iter().cloned().chain([end]));
        }
        (_, _) => value.insert(0, title),
    }
    value
}

/// A line that may lead somewhere. In these fields, Slack reads no styles.
fn titled(text: &Value, url: &Value, style: Style) -> Option<Block> {
    let text = text.as_str().filter(|text| !text.trim().is_empty())?;
    let inline = linked(Some(text::unescape(text)), url.as_str())?;
    Some(Block::Text(vec![Inline { style, ..inline }]))
}

fn mrkdwn(text: &Value) -> Vec<Block> {
    match text {
        Value::String(text) => text::document(text).blocks,
        Value::Number(number) => vec![Block::Text(vec![Inline::text(
            number.to_string(),
            Style::default(),
        )])],
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => text_object(text),
    }
}

/// What the attachment says of itself where it shows nothing.
fn or_fallback(blocks: Vec<Block>, attachment: &Value) -> Vec<Block> {
    if !blocks.iter().all(Block::is_empty) {
        return blocks;
    }
    let fallback = attachment["fallback"]
        .as_str()
        .filter(|text| text.trim() != NO_PREVIEW);
    fallback.map_or_else(Vec::new, |fallback| text::document(fallback).blocks)
}
