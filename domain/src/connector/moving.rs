//! Connectors move from one Slack workspace, or one Slack app, to another.
//!
//! Only where they lead is changed, for all at once: an incident that stands somewhere stays there, and is kept true by the integration that has
//! posted it, so that none is told twice; a new one goes to the new place, so that none is missed.

use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder};
use tocsin_entity::{
    connector::{self, Column, Entity},
    id::ConnectorId,
};

use super::{
    command::{connector_id, have_checked, unknown},
    place,
};
use crate::{
    audit::AuditTrail,
    error::{InternalError, MutationError, UserError},
    idempotency::{self, RequestKey},
    request::Request,
    tenant::Tenant,
    viewer::Permission,
    workspace,
};

/// Most connectors that are named at once.
const NAMED_MAX: usize = 500;

/// Which connectors are to move, and where to.
#[derive(Debug)]
pub struct MoveConnectors {
    /// The Slack workspace that they lead to; where it is left out, that of the server's configuration, or none where they wait for one.
    pub from_workspace_id: Option<String>,
    /// The one that they are to lead to; by default that of the server's configuration, or the only one that is connected where there is none.
    pub to_workspace_id: Option<String>,
    /// These alone; all that lead there where it is left out.
    pub connector_ids: Option<Vec<String>>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Has connectors lead to another workspace, all at once.
pub async fn relocate(
    request: &Request<'_>,
    input: MoveConnectors,
) -> Result<Vec<connector::Model>, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Manage)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let read = request.domain.database().read();
    let (from, to) = (
        input.from_workspace_id.as_deref(),
        input.to_workspace_id.as_deref(),
    );
    let from = match from {
        Some(_) => {
            workspace::meant_workspace(request, read, organization_id, from, "fromWorkspaceId").await?
        }
        None => None,
    };
    let to = workspace::meant_workspace(request, read, organization_id, to, "toWorkspaceId").await?;
    if let Some(to) = &to {
        workspace::need_connected(to, "toWorkspaceId")?;
    }
    let (from, to) = (from.map(|row| row.id), to.map(|row| row.id));
    if from == to {
        return Err(UserError::invalid("toWorkspaceId", "They lead there already.").into());
    }
    let named = named(input.connector_ids.as_deref())?;
    // The organisation stands for what was done: there is no one object.
    idempotency::gone_once(request, organization_id, key, organization_id, async |tx| {
        let mut there = Tenant::of(organization_id).find::<Entity>();
        there = match from {
            Some(from) => there.filter(Column::WorkspaceId.eq(from)),
            None => there.filter(Column::WorkspaceId.is_null()),
        };
        let rows = there.all(tx).await?;
        if let Some(named) = &named
            && named.iter().any(|id| rows.iter().all(|row| row.id != *id))
        {
            return Err(unknown().at("connectorIds").into());
        }
        let is_meant = |row: &connector::Model| named.as_ref().is_none_or(|named| named.contains(&row.id));
        for row in rows.into_iter().filter(is_meant) {
            let channel = place::by_name(request, tx, &row, to).await?;
            let was = row.clone();
            let moved = connector::Model {
                workspace_id: to,
                channel,
                ..row
            };
            place::need_free(request, tx, &moved).await?;
            let moved = moved.into_active_model().reset_all().update(tx).await?;
            AuditTrail::of(request, organization_id)
                .changed(tx, &was, &moved)
                .await?;
        }
        Ok(())
    })
    .await?;
    let mut there = Tenant::of(organization_id).find::<Entity>();
    there = match to {
        Some(to) => there.filter(Column::WorkspaceId.eq(to)),
        None => there.filter(Column::WorkspaceId.is_null()),
    };
    let rows = there
        .order_by_asc(Column::Id)
        .all(request.domain.database().read())
        .await
        .map_err(InternalError::from)?;
    for row in &rows {
        have_checked(request, row);
    }
    Ok(rows)
}

fn named(ids: Option<&[String]>) -> Result<Option<Vec<ConnectorId>>, UserError> {
    let Some(ids) = ids else { return Ok(None) };
    if ids.is_empty() || ids.len() > NAMED_MAX {
        let why = format!("Name between one connector and {NAMED_MAX}, or leave this out for all.");
        return Err(UserError::invalid("connectorIds", why));
    }
    ids.iter()
        .map(|id| connector_id(id))
        .collect::<Result<_, _>>()
        .map(Some)
}
