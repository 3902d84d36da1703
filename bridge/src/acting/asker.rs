//! Who asks, as far as Slack says.

use tocsin_queue::JobError;

use super::ActionService;
use crate::{
    identity::{self, SlackActor},
    installation::AppInstallation,
    notice::Notice,
};

/// The person; none can be known where Slack no longer takes the bot for one of the workspace.
pub(crate) async fn person(
    acting: &ActionService,
    installation: &AppInstallation,
    user: &str,
) -> Result<Result<SlackActor, Notice>, JobError> {
    let workspace = installation.workspace();
    if workspace.is_disconnected() {
        return Ok(Err(Notice::Disconnected));
    }
    match identity::person(&acting.identity, installation, user).await {
        Ok(person) => Ok(Ok(
            person.unwrap_or_else(|| SlackActor::unknown(installation, user))
        )),
        // It has just been found out.
        Err(_) if workspace.is_disconnected() => Ok(Err(Notice::Disconnected)),
        Err(error) => Err(error),
    }
}
