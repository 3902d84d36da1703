//! Whether a workspace's token works.

use tocsin_client::{OperationOutcome, SlackOperation, WorkspaceConnection};

use super::{Operations, Stop, workspace_of};
use crate::texts::operations as texts;
use crate::workspace::SlackHealth;

/// Asks Slack who the bot is. What it says is known to the rest of the bridge at once.
pub(super) async fn test(
    operations: &Operations,
    operation: &SlackOperation,
) -> Result<OperationOutcome, Stop> {
    let workspace = workspace_of(operations, operation).await?;
    match workspace.monitor.look(&workspace.slack).await {
        SlackHealth::Healthy(installation) => Ok(OperationOutcome::Connection(WorkspaceConnection {
            team_id: installation.team_id.clone(),
            team_name: installation.team_name.clone(),
            bot_user_id: installation.bot_user_id.clone(),
            app_id: installation.app_id.clone(),
            scopes: installation.scopes.iter().cloned().collect(),
        })),
        SlackHealth::Unhealthy { code, trouble, .. } => Err(Stop::failed(&code, trouble)),
        SlackHealth::Unknown => Err(Stop::failed("unreachable", texts::NOT_YET)),
    }
}
