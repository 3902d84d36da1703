//! Telling one person what came of what they did.

use serde_json::json;
use tocsin_queue::JobError;
use url::Url;

use super::{dialog, press::ButtonPress};
use crate::{
    acting::ActionService,
    installation::AppInstallation,
    notice::{self, Notice},
};

/// Where a person is told.
#[derive(Debug, Clone, Copy)]
pub(super) struct NoticePlace<'a> {
    pub(super) installation: &'a AppInstallation,
    pub(super) user: &'a str,
    pub(super) channel: Option<&'a str>,
    pub(super) response_url: Option<&'a Url>,
    /// What opens a dialog where there is no channel.
    pub(super) trigger: Option<&'a str>,
}

impl<'a> NoticePlace<'a> {
    pub(super) fn of(installation: &'a AppInstallation, press: &'a ButtonPress) -> Self {
        Self {
            installation,
            user: &press.user,
            channel: press.channel.as_deref(),
            response_url: press.response_url.as_ref(),
            trigger: press.trigger.as_deref(),
        }
    }
}

/// Tells the person why what they wanted had no effect; `wanted` as in "acknowledge".
pub(super) async fn tell(
    acting: &ActionService,
    place: NoticePlace<'_>,
    notice: &Notice,
    wanted: &'static str,
) -> Result<(), JobError> {
    let text = notice::press(notice, wanted);
    let NoticePlace {
        installation,
        user,
        channel,
        response_url,
        trigger,
    } = place;
    // A response address needs no token; whatever else there is does.
    if *notice == Notice::Disconnected {
        let message = json!({"response_type": "ephemeral", "replace_original": false, "text": text});
        if let Some(url) = response_url
            && let Err(error) = acting.http.respond(url, &message).await
        {
            tracing::warn!(
                slack.user = user,
                "{user} can't be told of the disconnection: {error}"
            );
        }
        return Ok(());
    }
    if let (None, None, Some(trigger)) = (response_url, channel, trigger) {
        let told = installation
            .slack()
            .open_view(trigger, &dialog::text_dialog(&text))
            .await;
        if let Err(error) = told {
            tracing::warn!(slack.user = user, "{user} can't be told: {error}");
        }
        return Ok(());
    }
    notice::answer(&acting.http, installation, response_url, channel, user, &text).await
}
