//! What Slack calls a workspace, as the bridge has found it.

use async_graphql::Context;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tocsin_entity::{id::WorkspaceId, slack::directory};

use crate::{
    error::Fault,
    loaders::{self, InstallationOf},
    node::domain,
};

/// What Slack calls the workspace, or that of the server's configuration; none before it has answered.
pub(super) async fn of_workspace(
    ctx: &Context<'_>,
    id: Option<WorkspaceId>,
) -> Result<Option<String>, Fault> {
    if let Some(id) = id {
        let found = loaders::of(ctx).load_one(InstallationOf(id)).await?;
        return Ok(found.and_then(|found| found.team_id));
    }
    let found = directory::Entity::find()
        .filter(directory::Column::IsServers.eq(true))
        .one(domain(ctx).database().read())
        .await?;
    Ok(found.map(|found| found.team_id))
}
