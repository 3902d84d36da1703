//! Modals and Home tabs, within Slack's limits.
//!
//! Sources: docs.slack.dev, "Modals", "App Home".

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tocsin_message::mrkdwn::cut_plain;

/// Blocks of a view.
const BLOCKS_MAX: usize = 100;

/// Title, submit and close of a dialog: 24.
const LABEL_MAX: usize = 24;

/// A dialog, or a person's Home tab. Blocks beyond the hundredth are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct View(Value);

impl View {
    /// A dialog, told by `callback_id` when it is submitted.
    pub fn modal(callback_id: &str, title: &str) -> Self {
        Self(json!({
            "type": "modal",
            "callback_id": callback_id,
            "title": label(title),
            "close": label("Cancel"),
            "blocks": [],
        }))
    }

    /// A Home tab.
    pub fn home() -> Self {
        Self(json!({"type": "home", "blocks": []}))
    }

    /// The button that submits it; a dialog with inputs must have one.
    #[must_use]
    pub fn submit(mut self, text: &str) -> Self {
        self.0["submit"] = label(text);
        self
    }

    /// The button that closes it.
    #[must_use]
    pub fn close(mut self, text: &str) -> Self {
        self.0["close"] = label(text);
        self
    }

    /// What comes back with the submission, 3,000 characters of JSON at the most. The person can't see it; it is not proof of anything.
    #[must_use]
    pub fn metadata(mut self, metadata: &impl Serialize) -> Self {
        self.0["private_metadata"] = serde_json::to_string(metadata).unwrap_or_default().into();
        self
    }

    /// One more block.
    #[must_use]
    pub fn block(mut self, block: Value) -> Self {
        if let Some(blocks) = self.0["blocks"].as_array_mut()
            && blocks.len() < BLOCKS_MAX
        {
            blocks.push(block);
        }
        self
    }

    /// More blocks.
    #[must_use]
    pub fn blocks(self, blocks: impl IntoIterator<Item = Value>) -> Self {
        blocks.into_iter().fold(self, Self::block)
    }

    /// The view as Slack takes it.
    pub fn json(&self) -> &Value {
        &self.0
    }
}

fn label(text: &str) -> Value {
    json!({"type": "plain_text", "text": cut_plain(text, LABEL_MAX)})
}

/// A view that is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct OpenedView {
    /// Its id (`V…`).
    pub id: String,
    /// Changes with each update; an update that names an older one is refused (`hash_conflict`).
    pub hash: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_keeps_slacks_limits() {
        let view = View::modal("c", "A title that is much longer than Slack allows")
            .submit("Do it")
            .metadata(&json!({"incident": "inc_1"}))
            .blocks((0..150).map(|_| json!({"type": "divider"})));
        let title = view.json()["title"]["text"].as_str().expect("a title");
        assert!(title.encode_utf16().count() <= 24, "{title}");
        assert_eq!(view.json()["blocks"].as_array().map(Vec::len), Some(100));
        assert_eq!(view.json()["private_metadata"], r#"{"incident":"inc_1"}"#);
    }
}
