//! The `rich_text` block.

use serde_json::{Map, Value};

use super::problems::Check;

pub(super) fn check(check: &mut Check, fields: &Map<String, Value>, at: &str) {
    for (part, at) in check.list(fields, "elements", at, (0, usize::MAX)) {
        match part["type"].as_str() {
            Some("rich_text_section") => leaves(check, part, &at, &[]),
            Some("rich_text_preformatted") => leaves(check, part, &at, &["border", "language"]),
            Some("rich_text_quote") => leaves(check, part, &at, &["border"]),
            Some("rich_text_list") => list(check, part, &at),
            Some(_) | None => check.problem(&at, "failed to match all allowed schemas"),
        }
    }
}

fn list(check: &mut Check, part: &Value, at: &str) {
    let required = ["type", "style", "elements"];
    let Some(fields) = check.object(part, at, &required, &["indent", "offset", "border"]) else {
        return;
    };
    check.word(fields, "style", at, &["bullet", "ordered"]);
    if fields
        .get("indent")
        .is_some_and(|indent| indent.as_u64().is_none_or(|depth| depth > 8))
    {
        check.problem(&format!("{at}/indent"), "must be between 0 and 8");
    }
    for (item, at) in check.list(fields, "elements", at, (0, usize::MAX)) {
        if item["type"] == "rich_text_section" {
            leaves(check, item, &at, &[]);
        } else {
            check.problem(&at, "must be a rich_text_section");
        }
    }
}

fn leaves(check: &mut Check, part: &Value, at: &str, optional: &[&str]) {
    let Some(fields) = check.object(part, at, &["type", "elements"], optional) else {
        return;
    };
    for (leaf, at) in check.list(fields, "elements", at, (0, usize::MAX)) {
        let (required, optional): (&[&str], &[&str]) = match leaf["type"].as_str() {
            Some("text") => (&["text"], &["style"]),
            Some("link") => (&["url"], &["text", "unsafe", "style"]),
            Some("user") => (&["user_id"], &["style"]),
            Some("usergroup") => (&["usergroup_id"], &["style"]),
            Some("channel") => (&["channel_id"], &["style"]),
            Some("team") => (&["team_id"], &["style"]),
            Some("broadcast") => (&["range"], &["style"]),
            Some("emoji") => (&["name"], &["unicode", "skin_tone", "style"]),
            Some("date") => (&["timestamp", "format"], &["url", "fallback", "style"]),
            Some("color") => (&["value"], &["style"]),
            Some(_) | None => {
                check.problem(&at, "failed to match all allowed schemas");
                continue;
            }
        };
        let required: Vec<&str> = required.iter().copied().chain(["type"]).collect();
        let Some(leaf) = check.object(leaf, &at, &required, optional) else {
            continue;
        };
        check.string(leaf, "text", &at, usize::MAX - 1);
        check.word(leaf, "range", &at, &["here", "channel", "everyone"]);
    }
}
