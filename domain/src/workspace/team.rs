//! What Slack calls a workspace, as the bridge has found it.

use sea_orm::{ColumnTrait, QueryFilter};
use tocsin_entity::{id::WorkspaceId, slack::directory};

use crate::{error::InternalError, loaders::InstallationOf, request::Request, tenant::everywhere};

/// What Slack calls the workspace, or that of the server's configuration; none before it has answered.
pub(crate) async fn of_workspace(
    request: &Request<'_>,
    id: Option<WorkspaceId>,
) -> Result<Option<String>, InternalError> {
    if let Some(id) = id {
        let found = request.loaders().load_one(InstallationOf(id)).await?;
        return Ok(found.and_then(|found| found.team_id));
    }
    let found = everywhere::<directory::Entity>("the server's own workspace is everybody's")
        .filter(directory::Column::IsServers.eq(true))
        .one(request.domain.database().read())
        .await?;
    Ok(found.map(|found| found.team_id))
}
