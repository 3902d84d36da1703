//! Whether a workspace's token works.

use super::{Stop, workspace_of};
use crate::{
    graphql::{Found, Operation},
    parts::Parts,
    workspace::SlackHealth,
};

/// Asks Slack who the bot is. What it says is known to the rest of the bridge at once.
pub(super) async fn test(parts: &Parts, operation: &Operation) -> Result<Found, Stop> {
    let workspace = workspace_of(parts, operation).await?;
    match workspace.watcher.look(&workspace.slack).await {
        SlackHealth::Well(installation) => Ok(Found::Connection(installation)),
        SlackHealth::Ill { code, trouble, .. } => Err(Stop::failed(&code, trouble)),
        SlackHealth::Unasked => Err(Stop::failed(
            "unreachable",
            "Slack has not answered yet: try again.",
        )),
    }
}
