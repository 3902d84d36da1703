//! Which Slack workspace is meant: the one that is named, else the server's own, else the organisation's only one.
//!
//! Where the Slack app is installed by OAuth alone the server has no workspace of its own. Then "none named" must not mean one that does not exist.

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter,
    QueryOrder,
};
use tocsin_entity::{
    connector,
    id::{OrganizationId, WorkspaceId},
    slack_workspace::{Column, Entity, Model},
};

use super::servers;
use crate::{
    audit::AuditTrail,
    error::{MutationError, RequestError, UserError, UserErrorCode},
    request::Request,
    tenant::{self, Tenant},
};

/// The workspace that is meant.
pub(crate) enum WorkspaceChoice {
    /// That of the server's configuration, which is everybody's.
    Servers,
    /// One of the organisation's own.
    Own(Box<Model>),
    /// None: the server has no workspace, and the organisation is connected to none yet.
    NoneYet,
}

/// Finds the workspace that is meant; `field` is the input's field that names it.
///
/// # Errors
/// A refusal, where the one named is not the organisation's, or none is and there are several.
pub(crate) async fn choose_workspace(
    request: &Request<'_>,
    db: &impl ConnectionTrait,
    organization_id: OrganizationId,
    id: Option<&str>,
    field: &str,
) -> Result<WorkspaceChoice, MutationError> {
    if let Some(id) = id {
        let unknown = || UserError::not_found("Slack workspace").at(field);
        let id: WorkspaceId = id.parse().map_err(|_| unknown())?;
        if id == servers::id_of(organization_id) && servers::of(request, organization_id).await?.is_some() {
            return Ok(WorkspaceChoice::Servers);
        }
        let found = tenant::own::<Entity>(db, organization_id, id).await?;
        return Ok(WorkspaceChoice::Own(Box::new(found.ok_or_else(unknown)?)));
    }
    if request.domain.config().slack.has_own_workspace {
        return Ok(WorkspaceChoice::Servers);
    }
    let mut connected = Tenant::of(organization_id)
        .find::<Entity>()
        .filter(Column::DisconnectedAt.is_null())
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    if connected.len() > 1 {
        let names: Vec<_> = connected.iter().map(|row| row.name.as_str()).collect();
        let why = format!(
            "Name the Slack workspace: your organisation is connected to several ({}).",
            names.join(", ")
        );
        return Err(UserError::invalid(field, why).into());
    }
    let only = connected.pop().map(Box::new);
    Ok(only.map_or(WorkspaceChoice::NoneYet, WorkspaceChoice::Own))
}

/// The same for what needs a workspace: the organisation's own, or none for that of the server's configuration.
///
/// # Errors
/// As [`choose_workspace`], and where there is none yet.
pub(crate) async fn workspace(
    request: &Request<'_>,
    db: &impl ConnectionTrait,
    organization_id: OrganizationId,
    id: Option<&str>,
    field: &str,
) -> Result<Option<Model>, MutationError> {
    match choose_workspace(request, db, organization_id, id, field).await? {
        WorkspaceChoice::Servers => Ok(None),
        WorkspaceChoice::Own(found) => Ok(Some(*found)),
        WorkspaceChoice::NoneYet => Err(none_yet().at(field).into()),
    }
}

/// The same for a query, whose refusals are top-level errors.
pub(crate) async fn of_query(
    request: &Request<'_>,
    organization_id: OrganizationId,
    id: Option<&str>,
) -> Result<Option<Model>, RequestError> {
    let db = request.domain.database().read();
    workspace(request, db, organization_id, id, "workspaceId")
        .await
        .map_err(|trouble| match trouble {
            MutationError::Told(errors) => RequestError::BadInput(errors.first().message.clone()),
            MutationError::Refused(refusal) => refusal,
        })
}

/// Refuses a workspace that is disconnected.
pub(crate) fn need_connected(workspace: &Model, field: &str) -> Result<(), UserError> {
    if workspace.disconnected_at.is_none() {
        return Ok(());
    }
    let why = format!(
        "The Slack workspace {} is disconnected: connect it again with `tocsin slack connect` or `tocsin slack install-url`.",
        workspace.name
    );
    Err(UserError::new(UserErrorCode::WrongStatus, why).at(field))
}

/// What is said where there is no workspace.
pub(crate) fn none_yet() -> UserError {
    UserError::new(
        UserErrorCode::WrongStatus,
        "No Slack workspace is connected yet: connect one with `tocsin slack install-url` or `tocsin slack connect`.",
    )
}

/// Leads the connectors that waited for a workspace to this one, where the server has none of its own to which they could lead.
pub(crate) async fn adopt_waiting(
    request: &Request<'_>,
    tx: &impl ConnectionTrait,
    workspace: &Model,
) -> Result<(), MutationError> {
    if request.domain.config().slack.has_own_workspace {
        return Ok(());
    }
    let waiting = Tenant::of(workspace.organization_id)
        .find::<connector::Entity>()
        .filter(connector::Column::WorkspaceId.is_null())
        .all(tx)
        .await?;
    let trail = AuditTrail::of(request, workspace.organization_id);
    for connector in waiting {
        let mut change = connector.clone().into_active_model();
        change.workspace_id = Set(Some(workspace.id));
        let led = change.update(tx).await?;
        trail.changed(tx, &connector, &led).await?;
    }
    Ok(())
}
