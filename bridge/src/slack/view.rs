//! Dialogs and Home tabs, within Slack's limits, and the calls that show them.
//!
//! Sources: docs.slack.dev, "Modals", "App Home"; the references of `views.open`, `.update`, `.publish`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    client::Slack,
    error::SlackError,
    method::{Method, VIEWS_OPEN, VIEWS_PUBLISH, VIEWS_UPDATE},
    mrkdwn::cut_plain,
};

/// Blocks of a view.
const BLOCKS_MAX: usize = 100;

/// Title, submit and close of a dialog: 24.
const LABEL_MAX: usize = 24;

/// A dialog, or a person's Home tab. Blocks beyond the hundredth are left out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct View(Value);

impl View {
    /// A dialog, told by `callback_id` when it is submitted.
    pub(crate) fn modal(callback_id: &str, title: &str) -> Self {
        Self(json!({
            "type": "modal",
            "callback_id": callback_id,
            "title": label(title),
            "close": label("Cancel"),
            "blocks": [],
        }))
    }

    /// A Home tab.
    pub(crate) fn home() -> Self {
        Self(json!({"type": "home", "blocks": []}))
    }

    /// The button that submits it; a dialog with inputs must have one.
    #[must_use]
    pub(crate) fn submit(mut self, text: &str) -> Self {
        self.0["submit"] = label(text);
        self
    }

    /// The button that closes it.
    #[must_use]
    pub(crate) fn close(mut self, text: &str) -> Self {
        self.0["close"] = label(text);
        self
    }

    /// What comes back with the submission, 3,000 characters of JSON at the most. The person can't see it; it is not proof of anything.
    #[must_use]
    pub(crate) fn metadata(mut self, metadata: &impl Serialize) -> Self {
        self.0["private_metadata"] = serde_json::to_string(metadata).unwrap_or_default().into();
        self
    }

    /// One more block.
    #[must_use]
    pub(crate) fn block(mut self, block: Value) -> Self {
        if let Some(blocks) = self.0["blocks"].as_array_mut()
            && blocks.len() < BLOCKS_MAX
        {
            blocks.push(block);
        }
        self
    }

    /// More blocks.
    #[must_use]
    pub(crate) fn blocks(self, blocks: impl IntoIterator<Item = Value>) -> Self {
        blocks.into_iter().fold(self, Self::block)
    }

    pub(crate) fn json(&self) -> &Value {
        &self.0
    }
}

fn label(text: &str) -> Value {
    json!({"type": "plain_text", "text": cut_plain(text, LABEL_MAX)})
}

/// A view that is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Opened {
    pub(crate) id: String,
    /// Changes with each update; an update that names an older one is refused (`hash_conflict`).
    pub(crate) hash: String,
}

#[derive(Deserialize)]
struct Answer {
    view: Opened,
}

impl Slack {
    /// Opens a dialog, within 3 s of what the person did; a trigger opens one.
    pub(crate) async fn open_view(&self, trigger_id: &str, view: &View) -> Result<Opened, SlackError> {
        self.show(VIEWS_OPEN, &json!({"trigger_id": trigger_id, "view": view.0}))
            .await
    }

    /// Gives a dialog new content; with a `hash`, only if nobody else has since.
    pub(crate) async fn update_view(
        &self,
        view_id: &str,
        hash: Option<&str>,
        view: &View,
    ) -> Result<Opened, SlackError> {
        let mut arguments = json!({"view_id": view_id, "view": view.0});
        if let Some(hash) = hash {
            arguments["hash"] = hash.into();
        }
        self.show(VIEWS_UPDATE, &arguments).await
    }

    /// Shows a person their Home tab.
    pub(crate) async fn publish_view(&self, user: &str, view: &View) -> Result<Opened, SlackError> {
        self.show(VIEWS_PUBLISH, &json!({"user_id": user, "view": view.0}))
            .await
    }

    async fn show(&self, method: Method, arguments: &Value) -> Result<Opened, SlackError> {
        let answer: Answer = self.call(method, arguments).await?;
        Ok(answer.view)
    }
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
