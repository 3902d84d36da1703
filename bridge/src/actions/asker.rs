//! Who asks, as far as Slack says.

use tocsin_queue::JobError;

use crate::{
    bridge::Parts,
    identity::{self, Person},
    notice::Notice,
    slack::SlackHealth,
};

/// The person; none can be known where Slack no longer takes the bot for one of the workspace.
pub(crate) async fn person(
    parts: &Parts,
    team: Option<&str>,
    user: &str,
) -> Result<Result<Person, Notice>, JobError> {
    let team = team.unwrap_or_default();
    if is_disconnected(parts) {
        return Ok(Err(Notice::Disconnected));
    }
    match identity::person(parts, team, user).await {
        Ok(person) => Ok(Ok(person.unwrap_or_else(|| Person::unknown(team, user)))),
        // It has just been found out.
        Err(_) if is_disconnected(parts) => Ok(Err(Notice::Disconnected)),
        Err(error) => Err(error),
    }
}

/// Whether Slack refuses the bot's token, so that nothing works until a person acts.
pub(crate) fn is_disconnected(parts: &Parts) -> bool {
    matches!(parts.watcher.health(), SlackHealth::Ill { broken: true, .. })
}
