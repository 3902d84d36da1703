//! Text objects, options and confirmations.

use serde_json::{Map, Value};

use super::problems::{Check, length};

/// Which text objects may stand in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextKind {
    Plain,
    Any,
}

impl Check {
    /// A text object under this name, where there is one.
    pub(super) fn text(
        &mut self,
        fields: &Map<String, Value>,
        name: &str,
        at: &str,
        kind: TextKind,
        max: usize,
    ) {
        if let Some(value) = fields.get(name) {
            self.text_object(value, &format!("{at}/{name}"), kind, max);
        }
    }

    pub(super) fn text_object(&mut self, value: &Value, at: &str, kind: TextKind, max: usize) {
        let optional: &[&str] = match value["type"].as_str() {
            Some("plain_text") => &["emoji"],
            Some("mrkdwn") if kind == TextKind::Any => &["verbatim"],
            Some("mrkdwn") => {
                self.problem(&format!("{at}/type"), "must be one of: plain_text");
                return;
            }
            Some(_) | None => {
                self.problem(at, "failed to match all allowed schemas");
                return;
            }
        };
        let Some(fields) = self.object(value, at, &["type", "text"], optional) else {
            return;
        };
        self.flag(fields, "emoji", at);
        self.flag(fields, "verbatim", at);
        self.string(fields, "text", at, max);
        if let Some(Value::String(text)) = fields.get("text")
            && !text.is_empty()
            && text.trim().is_empty()
            && length(text) <= max
        {
            self.problem(&format!("{at}/text"), "must be more than 0 characters");
        }
    }

    /// An option of a menu, an overflow or a group of boxes.
    pub(super) fn option(&mut self, value: &Value, at: &str, kind: TextKind) {
        let Some(fields) = self.object(value, at, &["text", "value"], &["description", "url"]) else {
            return;
        };
        self.text(fields, "text", at, kind, 75);
        self.string(fields, "value", at, 150);
        self.text(fields, "description", at, kind, 75);
        self.url(fields, "url", at);
    }

    /// A question before an action.
    pub(super) fn confirm(&mut self, fields: &Map<String, Value>, at: &str) {
        let Some(value) = fields.get("confirm") else {
            return;
        };
        let at = format!("{at}/confirm");
        let required = ["title", "text", "confirm", "deny"];
        let Some(fields) = self.object(value, &at, &required, &["style"]) else {
            return;
        };
        self.text(fields, "title", &at, TextKind::Plain, 100);
        self.text(fields, "text", &at, TextKind::Any, 300);
        self.text(fields, "confirm", &at, TextKind::Plain, 30);
        self.text(fields, "deny", &at, TextKind::Plain, 30);
        self.word(fields, "style", &at, &["primary", "danger"]);
    }
}
