//! Blocks.

use serde_json::{Map, Value};

use super::Surface;
use super::elements::{self, ElementPlace};
use super::problems::Check;
use super::rich_text;
use super::text::TextKind;

/// Blocks in a list, by surface. Source: Block Kit overview; Slack's skill "block-kit".
fn most(surface: Surface) -> usize {
    match surface {
        Surface::Message | Surface::Attachment | Surface::Unfurl => 50,
        Surface::Modal | Surface::Home => 100,
    }
}

/// Characters of all `markdown` blocks of a message.
const MARKDOWN_MAX: usize = 12_000;

pub(super) fn check_list(check: &mut Check, blocks: &[Value], at: &str, surface: Surface) {
    if blocks.len() > most(surface) {
        check.problem(at, &format!("no more than {} items allowed", most(surface)));
    }
    for (index, block) in blocks.iter().enumerate() {
        check_block(check, block, &format!("{at}/{index}"), surface);
    }
    if check.markdown > MARKDOWN_MAX {
        check.problem(at, &format!("must be less than {} characters", MARKDOWN_MAX + 1));
    }
}

fn check_block(check: &mut Check, block: &Value, at: &str, surface: Surface) {
    if !block.is_object() {
        check.problem(at, "must provide an object");
        return;
    }
    let Some(kind) = block["type"].as_str() else {
        check.problem(at, "missing required field: type");
        return;
    };
    let Some((required, optional)) = shape(kind) else {
        check.problem(&format!("{at}/type"), &format!("unsupported type: {kind}"));
        return;
    };
    if !allowed(kind, surface) {
        check.problem(
            &format!("{at}/type"),
            &format!("{kind} blocks are not allowed here"),
        );
        return;
    }
    let Some(fields) = check.object(block, at, required, optional) else {
        return;
    };
    check.block_id(fields, at);
    match kind {
        "section" => section(check, fields, at),
        "header" => {
            check.text(fields, "text", at, TextKind::Plain, 150);
        }
        "context" => context(check, fields, at),
        "actions" => {
            let found = check.list(fields, "elements", at, (1, 25));
            elements::check_all(check, &found, ElementPlace::Actions);
        }
        "image" => image(check, fields, at),
        "input" => input(check, fields, at),
        "markdown" => {
            check.string(fields, "text", at, MARKDOWN_MAX);
            check.markdown += fields
                .get("text")
                .and_then(Value::as_str)
                .map_or(0, super::length);
        }
        "rich_text" => rich_text::check(check, fields, at),
        "table" => table(check, fields, at),
        "video" => video(check, fields, at),
        _ => {}
    }
}

type Shape = (&'static [&'static str], &'static [&'static str]);

/// Required and optional fields of a type of block.
fn shape(kind: &str) -> Option<Shape> {
    Some(match kind {
        "divider" => (&["type"], &["block_id"]),
        "section" => (&["type"], &["block_id", "text", "fields", "accessory", "expand"]),
        "header" | "markdown" => (&["type", "text"], &["block_id"]),
        "context" | "actions" | "context_actions" | "rich_text" => (&["type", "elements"], &["block_id"]),
        "image" => (
            &["type", "alt_text"],
            &["block_id", "image_url", "slack_file", "title"],
        ),
        "input" => (
            &["type", "label", "element"],
            &["block_id", "hint", "optional", "dispatch_action"],
        ),
        "table" => (&["type", "rows"], &["block_id", "column_settings"]),
        "video" => (
            &["type", "alt_text", "title", "thumbnail_url", "video_url"],
            &[
                "block_id",
                "title_url",
                "description",
                "provider_name",
                "provider_icon_url",
                "author_name",
            ],
        ),
        "file" => (&["type", "external_id", "source"], &["block_id"]),
        _ => return None,
    })
}

/// Whether this type may be on this surface.
fn allowed(kind: &str, surface: Surface) -> bool {
    match surface {
        Surface::Message | Surface::Attachment => true,
        // Source: Slack, "Unfurling links in messages"; reference of `chat.unfurl`, `invalid_blocks`.
        Surface::Unfurl => !matches!(kind, "rich_text" | "input" | "table" | "markdown" | "file"),
        Surface::Modal | Surface::Home => !matches!(kind, "table" | "markdown" | "file" | "context_actions"),
    }
}

fn section(check: &mut Check, fields: &Map<String, Value>, at: &str) {
    if !fields.contains_key("text") && !fields.contains_key("fields") {
        check.problem(at, "must define either `text` or `fields`");
    }
    check.text(fields, "text", at, TextKind::Any, 3_000);
    for (field, at) in check.list(fields, "fields", at, (1, 10)) {
        check.text_object(field, &at, TextKind::Any, 2_000);
    }
    check.flag(fields, "expand", at);
    if let Some(accessory) = fields.get("accessory") {
        elements::check_one(
            check,
            accessory,
            &format!("{at}/accessory"),
            ElementPlace::Section,
        );
    }
}

fn context(check: &mut Check, fields: &Map<String, Value>, at: &str) {
    for (element, at) in check.list(fields, "elements", at, (1, 10)) {
        if element["type"] == "image" {
            elements::check_one(check, element, &at, ElementPlace::Context);
        } else {
            check.text_object(element, &at, TextKind::Any, 3_000);
        }
    }
}

fn image(check: &mut Check, fields: &Map<String, Value>, at: &str) {
    if fields.contains_key("image_url") == fields.contains_key("slack_file") {
        check.problem(at, "must define either `image_url` or `slack_file`");
    }
    check.url(fields, "image_url", at);
    check.string(fields, "alt_text", at, 2_000);
    check.text(fields, "title", at, TextKind::Plain, 2_000);
}

fn input(check: &mut Check, fields: &Map<String, Value>, at: &str) {
    check.text(fields, "label", at, TextKind::Plain, 2_000);
    check.text(fields, "hint", at, TextKind::Plain, 2_000);
    check.flag(fields, "optional", at);
    check.flag(fields, "dispatch_action", at);
    if let Some(element) = fields.get("element") {
        elements::check_one(check, element, &format!("{at}/element"), ElementPlace::Input);
    }
}

fn table(check: &mut Check, fields: &Map<String, Value>, at: &str) {
    check.tables += 1;
    if check.tables > 1 {
        check.problem(at, "only one table is allowed in a message");
    }
    for (row, at) in check.list(fields, "rows", at, (1, 100)) {
        match row.as_array() {
            None => check.problem(&at, "must provide an array"),
            Some(cells) if cells.len() > 20 => check.problem(&at, "no more than 20 items allowed"),
            Some(_) => {}
        }
    }
}

fn video(check: &mut Check, fields: &Map<String, Value>, at: &str) {
    check.text(fields, "title", at, TextKind::Plain, 200);
    check.text(fields, "description", at, TextKind::Plain, 200);
    check.string(fields, "alt_text", at, 2_000);
    for name in ["thumbnail_url", "video_url", "title_url", "provider_icon_url"] {
        check.url(fields, name, at);
    }
}
