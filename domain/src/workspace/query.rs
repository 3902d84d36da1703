//! Reading Slack workspaces.

use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder};
use tocsin_entity::{
    connector,
    id::WorkspaceId,
    slack_workspace::{Column, Entity, Model},
};

use super::servers;
use crate::{
    error::{InternalError, RequestError},
    request::Request,
    tenant::Tenant,
    viewer::Permission,
};

/// A workspace by its id; also that of the server's configuration, as the viewer's organisation sees it.
pub async fn find(request: &Request<'_>, id: &str) -> Result<Option<Model>, RequestError> {
    let viewer = request.viewer;
    if !viewer.is_bridge() {
        let organization_id = viewer.may(Permission::Read)?;
        if id.parse() == Ok(servers::id_of(organization_id)) {
            return Ok(servers::of(request, organization_id).await?);
        }
    }
    request
        .load_owned::<WorkspaceId, Model>(Permission::Read, id)
        .await
}

/// The workspaces that the organisation is connected to, oldest first, and last that of the server's configuration, where there is one. For the
/// bridge without an organisation, everybody's; it has the server's from its own configuration.
pub async fn list(request: &Request<'_>) -> Result<Vec<Model>, RequestError> {
    let find = request.find_shown::<Entity>(Permission::Read)?;
    let mut all = find.order_by_asc(Column::Id).all(request.read()).await?;
    if let Some(own) = request
        .viewer
        .organization_id()
        .filter(|_| !request.viewer.is_bridge())
    {
        all.extend(servers::of(request, own).await?);
    }
    Ok(all)
}

/// How many connectors lead to a workspace.
pub async fn connector_count(request: &Request<'_>, workspace: &Model) -> Result<u64, InternalError> {
    let own = Tenant::of(workspace.organization_id).find::<connector::Entity>();
    let there = if is_servers(workspace) {
        own.filter(connector::Column::WorkspaceId.is_null())
    } else {
        own.filter(connector::Column::WorkspaceId.eq(workspace.id))
    };
    Ok(there.count(request.read()).await?)
}

/// Whether it is the workspace of `SLACK_BOT_TOKEN`.
pub fn is_servers(workspace: &Model) -> bool {
    workspace.id == servers::id_of(workspace.organization_id)
}
