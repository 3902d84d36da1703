//! The calls that show modals and Home tabs.
//!
//! Source: docs.slack.dev, the references of `views.open`, `.update`, `.publish`.

use serde::Deserialize;
use serde_json::{Value, json};
use tocsin_slack::{
    error::SlackError,
    method::{Method, VIEWS_OPEN, VIEWS_PUBLISH, VIEWS_UPDATE},
    view::{OpenedView, View},
};

use super::client::Slack;

#[derive(Deserialize)]
struct Answer {
    view: OpenedView,
}

impl Slack {
    /// Opens a dialog, within 3 s of what the person did; a trigger opens one.
    pub async fn open_view(&self, trigger_id: &str, view: &View) -> Result<OpenedView, SlackError> {
        self.show(
            VIEWS_OPEN,
            &json!({"trigger_id": trigger_id, "view": view.json()}),
        )
        .await
    }

    /// Gives a dialog new content; with a `hash`, only if nobody else has since.
    pub async fn update_view(
        &self,
        view_id: &str,
        hash: Option<&str>,
        view: &View,
    ) -> Result<OpenedView, SlackError> {
        let mut arguments = json!({"view_id": view_id, "view": view.json()});
        if let Some(hash) = hash {
            arguments["hash"] = hash.into();
        }
        self.show(VIEWS_UPDATE, &arguments).await
    }

    /// Shows a person their Home tab.
    pub async fn publish_view(&self, user: &str, view: &View) -> Result<OpenedView, SlackError> {
        self.show(VIEWS_PUBLISH, &json!({"user_id": user, "view": view.json()}))
            .await
    }

    async fn show(&self, method: Method, arguments: &Value) -> Result<OpenedView, SlackError> {
        let answer: Answer = self.call(method, arguments).await?;
        Ok(answer.view)
    }
}
