//! Collecting what is wrong, in Slack's words.

use std::collections::HashSet;

use serde_json::{Map, Value};

/// Length as the strictest reading of "characters" counts it.
pub(super) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Check {
    problems: Vec<String>,
    block_ids: HashSet<String>,
    /// Characters of all `markdown` blocks.
    pub(super) markdown: usize,
    pub(super) tables: usize,
}

impl Check {
    pub(super) fn into_problems(self) -> Vec<String> {
        self.problems
    }

    pub(super) fn problem(&mut self, at: &str, text: &str) {
        self.problems.push(format!("[ERROR] {text} [json-pointer:{at}]"));
    }

    /// The fields of an object, none of which may be unknown and all of these present.
    pub(super) fn object<'v>(
        &mut self,
        value: &'v Value,
        at: &str,
        required: &[&str],
        optional: &[&str],
    ) -> Option<&'v Map<String, Value>> {
        let Some(fields) = value.as_object() else {
            self.problem(at, "must provide an object");
            return None;
        };
        for name in required.iter().filter(|name| !fields.contains_key(**name)) {
            self.problem(at, &format!("missing required field: {name}"));
        }
        for name in fields.keys() {
            if !required.contains(&name.as_str()) && !optional.contains(&name.as_str()) {
                self.problem(at, &format!("invalid additional property: {name}"));
            }
        }
        Some(fields)
    }

    /// A string of 1 to `max` characters, where there is one.
    pub(super) fn string(&mut self, fields: &Map<String, Value>, name: &str, at: &str, max: usize) {
        let Some(value) = fields.get(name) else { return };
        let at = format!("{at}/{name}");
        match value.as_str() {
            None => self.problem(&at, "must provide a string"),
            Some("") => self.problem(&at, "must be more than 0 characters"),
            Some(text) => self.at_most(&at, length(text), max),
        }
    }

    /// The same, and an absolute address.
    pub(super) fn url(&mut self, fields: &Map<String, Value>, name: &str, at: &str) {
        self.string(fields, name, at, URL_MAX);
        if let Some(Value::String(text)) = fields.get(name)
            && url::Url::parse(text).is_err()
        {
            self.problem(&format!("{at}/{name}"), "must be a valid URL");
        }
    }

    pub(super) fn at_most(&mut self, at: &str, length: usize, max: usize) {
        if length > max {
            self.problem(at, &format!("must be less than {} characters", max + 1));
        }
    }

    /// One of these words, where there is one.
    pub(super) fn word(&mut self, fields: &Map<String, Value>, name: &str, at: &str, words: &[&str]) {
        let Some(value) = fields.get(name) else { return };
        if !value.as_str().is_some_and(|word| words.contains(&word)) {
            self.problem(
                &format!("{at}/{name}"),
                &format!("must be one of: {}", words.join(", ")),
            );
        }
    }

    /// A flag, where there is one.
    pub(super) fn flag(&mut self, fields: &Map<String, Value>, name: &str, at: &str) {
        if fields.get(name).is_some_and(|value| !value.is_boolean()) {
            self.problem(&format!("{at}/{name}"), "must provide a boolean");
        }
    }

    /// A list of `min` to `max` items, where there is one; each item with its place.
    pub(super) fn list<'v>(
        &mut self,
        fields: &'v Map<String, Value>,
        name: &str,
        at: &str,
        (min, max): (usize, usize),
    ) -> Vec<(&'v Value, String)> {
        let Some(value) = fields.get(name) else {
            return Vec::new();
        };
        let at = format!("{at}/{name}");
        let Some(items) = value.as_array() else {
            self.problem(&at, "must provide an array");
            return Vec::new();
        };
        if items.len() < min {
            self.problem(&at, &format!("no less than {min} items allowed"));
        }
        if items.len() > max {
            self.problem(&at, &format!("no more than {max} items allowed"));
        }
        items
            .iter()
            .enumerate()
            .map(|(index, item)| (item, format!("{at}/{index}")))
            .collect()
    }

    /// A `block_id`: its length, and that no other block of the message has it.
    pub(super) fn block_id(&mut self, fields: &Map<String, Value>, at: &str) {
        if fields.get("block_id").and_then(Value::as_str) == Some("") {
            return;
        }
        self.string(fields, "block_id", at, ID_MAX);
        if let Some(Value::String(id)) = fields.get("block_id")
            && !self.block_ids.insert(id.clone())
        {
            self.problem(
                &format!("{at}/block_id"),
                &format!("block_id \"{id}\" already exists"),
            );
        }
    }
}

/// `block_id` and `action_id`.
pub(super) const ID_MAX: usize = 255;

/// Addresses.
const URL_MAX: usize = 3_000;
