//! Who asks, as far as Slack says.

use tocsin_queue::JobError;

use super::Acting;
use crate::{
    identity::{self, Person},
    installation::AppInstallation,
    notice::Notice,
};

/// The person; none can be known where Slack no longer takes the bot for one of the workspace.
pub(crate) async fn person(
    acting: &Acting,
    installation: &AppInstallation,
    user: &str,
) -> Result<Result<Person, Notice>, JobError> {
    let workspace = installation.workspace();
    if workspace.is_disconnected() {
        return Ok(Err(Notice::Disconnected));
    }
    match identity::person(&acting.identity, installation, user).await {
        Ok(person) => Ok(Ok(person.unwrap_or_else(|| Person::unknown(installation, user)))),
        // It has just been found out.
        Err(_) if workspace.is_disconnected() => Ok(Err(Notice::Disconnected)),
        Err(error) => Err(error),
    }
}
