//! Attachments: the only place for a bar of colour.

use serde_json::Value;

use super::Surface;
use super::blocks;
use super::problems::{Check, length};

/// What an attachment may carry.
const FIELDS: &[&str] = &[
    "actions",
    "attachment_type",
    "author_icon",
    "author_id",
    "author_link",
    "author_name",
    "author_subname",
    "blocks",
    "callback_id",
    "color",
    "fallback",
    "fields",
    "footer",
    "footer_icon",
    "id",
    "image_url",
    "metadata",
    "mrkdwn_in",
    "pretext",
    "preview",
    "text",
    "thumb_url",
    "title",
    "title_link",
    "ts",
];

/// What an unfurl may carry besides.
const UNFURL_FIELDS: &[&str] = &["hide_color", "preview"];

pub(super) fn check_list(check: &mut Check, attachments: &[Value]) {
    for (index, attachment) in attachments.iter().enumerate() {
        check_one(
            check,
            attachment,
            &format!("/attachments/{index}"),
            Surface::Attachment,
            FIELDS,
        );
    }
}

pub(super) fn check_unfurl(check: &mut Check, unfurl: &Value) {
    let known: Vec<&str> = FIELDS.iter().chain(UNFURL_FIELDS).copied().collect();
    check_one(check, unfurl, "/unfurls", Surface::Unfurl, &known);
}

fn check_one(check: &mut Check, attachment: &Value, at: &str, surface: Surface, known: &[&str]) {
    let Some(fields) = check.object(attachment, at, &[], known) else {
        return;
    };
    if fields
        .get("color")
        .is_some_and(|color| !color.as_str().is_some_and(is_color))
    {
        check.problem(
            &format!("{at}/color"),
            "must be good, warning, danger or a hex code",
        );
    }
    if let Some(footer) = fields.get("footer").and_then(Value::as_str) {
        check.at_most(&format!("{at}/footer"), length(footer), 300);
    }
    match fields.get("blocks") {
        None => {}
        Some(Value::Array(list)) => blocks::check_list(check, list, &format!("{at}/blocks"), surface),
        Some(_) => check.problem(&format!("{at}/blocks"), "must provide an array"),
    }
}

/// Slack shows other colours as grey without a word; a bar that does not show is a fault worth seeing.
fn is_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or(text);
    let hex = matches!(digits.len(), 3 | 6) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    hex || matches!(text, "good" | "warning" | "danger")
}
