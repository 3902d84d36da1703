//! The words of a message, wherever they stand: text, blocks, attachments.

use serde_json::Value;

use crate::state::workspace::message::MessageContent;

/// All words of a message, one stretch a line.
pub(crate) fn words(content: &MessageContent) -> String {
    let mut found = vec![content.text.clone()];
    for value in content.blocks.iter().chain(&content.attachments) {
        collect(value, &mut found);
    }
    found.retain(|text| !text.is_empty());
    found.join("\n")
}

/// Keys whose strings people see.
const SEEN: &[&str] = &[
    "text",
    "title",
    "pretext",
    "fallback",
    "footer",
    "author_name",
    "value",
    "alt_text",
];

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(fields) => {
            let is_action = fields.contains_key("action_id");
            for (key, inner) in fields {
                match inner {
                    Value::String(text) if SEEN.contains(&key.as_str()) && !(is_action && key == "value") => {
                        found.push(text.clone());
                    }
                    Value::Array(_) | Value::Object(_) => collect(inner, found),
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The numbers after a `#` in a text.
fn numbers(text: &str) -> impl Iterator<Item = u64> {
    text.match_indices('#').filter_map(|(at, _)| {
        let digits: String = text[at + 1..].chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    })
}

/// Whether the message mentions `#number`.
pub(crate) fn mentions_number(content: &MessageContent, number: u64) -> bool {
    numbers(&words(content)).any(|n| n == number)
}

/// How many different `#numbers` the message mentions.
pub(crate) fn mentions(content: &MessageContent) -> usize {
    let mut found: Vec<u64> = numbers(&words(content)).collect();
    found.sort_unstable();
    found.dedup();
    found.len()
}

/// A `rich_text` block in words, its references in the form of mrkdwn.
pub(crate) fn rich_text(block: &Value) -> String {
    let parts = block["elements"].as_array().into_iter().flatten();
    let parts: Vec<String> = parts
        .map(|part| match part["type"].as_str() {
            Some("rich_text_list") => {
                let items = part["elements"].as_array().into_iter().flatten();
                items
                    .map(|item| format!("• {}", leaves(item)))
                    .collect::<Vec<_>>()
                    .join("\n")
            }
            Some("rich_text_quote") => format!("&gt; {}", leaves(part)),
            _ => leaves(part),
        })
        .collect();
    parts.join("\n")
}

fn leaves(part: &Value) -> String {
    let leaves = part["elements"].as_array().into_iter().flatten();
    leaves
        .map(|leaf| {
            let text = |key: &str| leaf[key].as_str().unwrap_or_default();
            match leaf["type"].as_str().unwrap_or_default() {
                "text" => super::escape::escape(text("text")),
                "link" => format!("<{}|{}>", text("url"), super::escape::escape(text("text"))),
                "user" => format!("<@{}>", text("user_id")),
                "channel" => format!("<#{}>", text("channel_id")),
                "broadcast" => format!("<!{}>", text("range")),
                "emoji" => format!(":{}:", text("name")),
                "date" => text("fallback").to_owned(),
                _ => String::new(),
            }
        })
        .collect()
}
