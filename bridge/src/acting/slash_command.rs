//! A slash command, as Slack tells it, and the way back to whoever gave it.
//!
//! Source: Slack, "Implementing slash commands".

use serde::Deserialize;
use serde_json::Value;
use tocsin_queue::JobError;
use tocsin_slack::lenient::{lenient, read};
use url::Url;

use super::ActionService;
use crate::{
    acting::asker,
    identity::SlackActor,
    installation::AppInstallation,
    notice::{self, Notice},
};

/// A slash command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SlashCommand {
    /// With its slash, as the workspace calls it.
    pub(crate) command: String,
    pub(crate) text: String,
    pub(crate) user: String,
    pub(crate) channel: Option<String>,
    pub(crate) response_url: Option<Url>,
    pub(crate) trigger: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    #[serde(deserialize_with = "lenient")]
    command: String,
    #[serde(deserialize_with = "lenient")]
    text: String,
    #[serde(deserialize_with = "lenient")]
    user_id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    channel_id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    response_url: Option<String>,
    #[serde(deserialize_with = "lenient")]
    trigger_id: Option<String>,
}

impl SlashCommand {
    pub(crate) fn of(payload: &Value) -> Option<Self> {
        let fields: Fields = read(payload);
        let given = |field: Option<String>| field.filter(|text| !text.is_empty());
        Some(Self {
            command: fields.command,
            text: fields.text,
            user: given(fields.user_id)?,
            channel: given(fields.channel_id),
            response_url: fields.response_url.and_then(|url| url.parse().ok()),
            trigger: given(fields.trigger_id),
        })
    }

    /// Who gave it.
    pub(crate) async fn person(
        &self,
        acting: &ActionService,
        installation: &AppInstallation,
    ) -> Result<Result<SlackActor, Notice>, JobError> {
        asker::person(acting, installation, &self.user).await
    }

    /// Tells whoever gave it, and nobody else.
    pub(crate) async fn tell(
        &self,
        acting: &ActionService,
        installation: &AppInstallation,
        text: &str,
    ) -> Result<(), JobError> {
        let url = self.response_url.as_ref();
        notice::answer(
            &acting.http,
            installation,
            url,
            self.channel.as_deref(),
            &self.user,
            text,
        )
        .await
    }
}
