//! Cursors and limits.

use serde_json::{Value, json};

use crate::method::arguments::MethodArguments;
use crate::method::refusal::{Fields, MethodRefusal};

/// What part of a list is asked for.
pub(crate) struct ListPage {
    pub(crate) offset: String,
    pub(crate) limit: usize,
}

impl ListPage {
    /// Reads `cursor` and `limit`.
    pub(crate) fn read(
        args: &MethodArguments,
        default: usize,
        maximum: usize,
    ) -> Result<Self, MethodRefusal> {
        let limit = match args.text("limit") {
            None => default,
            Some(text) => {
                let limit: i64 = text.parse().map_err(|_| MethodRefusal::from("invalid_limit"))?;
                match usize::try_from(limit) {
                    Ok(0) => default,
                    Ok(limit) => limit.min(maximum),
                    Err(_) => return Err("invalid_limit".into()),
                }
            }
        };
        let offset = match args.text("cursor") {
            None => String::new(),
            Some(cursor) => decode(&cursor).ok_or("invalid_cursor")?,
        };
        Ok(Self { offset, limit })
    }

    /// One page of a list that is sorted by key, with the cursor of the next one.
    pub(crate) fn of<T>(&self, items: Vec<(String, T)>) -> (Vec<T>, String) {
        let from = items
            .iter()
            .position(|(key, _)| *key == self.offset)
            .map_or(0, |at| at + 1);
        let rest: Vec<(String, T)> = items.into_iter().skip(from).collect();
        let more = rest.len() > self.limit;
        let shown: Vec<(String, T)> = rest.into_iter().take(self.limit).collect();
        let next = shown
            .last()
            .filter(|_| more)
            .map(|(key, _)| encode(key))
            .unwrap_or_default();
        (shown.into_iter().map(|(_, item)| item).collect(), next)
    }
}

/// Adds `response_metadata.next_cursor`.
pub(crate) fn add_cursor(fields: &mut Fields, next: &str) {
    let mut metadata = fields.remove("response_metadata").unwrap_or_else(|| json!({}));
    metadata["next_cursor"] = Value::String(next.to_owned());
    fields.insert("response_metadata".to_owned(), metadata);
}

/// Opaque to clients, as Slack's are.
fn encode(key: &str) -> String {
    hex::encode(format!("next:{key}"))
}

fn decode(cursor: &str) -> Option<String> {
    let bytes = hex::decode(cursor).ok()?;
    String::from_utf8(bytes)
        .ok()?
        .strip_prefix("next:")
        .map(str::to_owned)
}
