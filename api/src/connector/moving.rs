//! Connectors move from one Slack workspace, or one Slack app, to another.
//!
//! Only where they lead is changed, for all at once: an incident that stands somewhere stays there, and is kept true by the integration that has
//! posted it, so that none is told twice; a new one goes to the new place, so that none is missed.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use tocsin_entity::{
    connector::{self, Column, Entity},
    id::ConnectorId,
};

use super::{
    command::{connector_id, unknown},
    graphql::Connector,
    place,
};
use crate::{
    audit::Trail,
    error::{Fault, Trouble, UserError, told},
    idempotency,
    node::domain,
    slack,
    viewer::{Need, Viewer},
};

/// Most connectors that are named at once.
const NAMED_MAX: usize = 500;

/// Which connectors are to move, and where to.
#[derive(Debug, InputObject)]
pub(crate) struct MoveConnectorsInput {
    /// The Slack workspace that they lead to; where it is left out, that of the server's configuration, or none where they wait for one.
    from_workspace_id: Option<ID>,
    /// The one that they are to lead to; by default that of the server's configuration, or the only one that is connected where there is none.
    to_workspace_id: Option<ID>,
    /// These alone; all that lead there where it is left out.
    connector_ids: Option<Vec<ID>>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

/// What came of moving connectors.
#[derive(SimpleObject)]
pub(crate) struct MoveConnectorsPayload {
    /// All that lead to the new place by now; none where it was refused.
    connectors: Option<Vec<Connector>>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// The mutation that moves connectors.
#[derive(Default)]
pub(crate) struct MovingMutation;

#[Object]
impl MovingMutation {
    /// Has connectors lead to another Slack workspace, or to the same by another Slack app, all at once. Incidents that are shown already stay where
    /// they are, and are kept true there; new ones go to the new place. Needs the role ADMIN or OWNER.
    async fn move_connectors(
        &self,
        ctx: &Context<'_>,
        input: MoveConnectorsInput,
    ) -> Result<MoveConnectorsPayload> {
        let (connectors, user_errors) = told(relocate(ctx, input).await)?;
        Ok(MoveConnectorsPayload {
            connectors: connectors.map(|rows| rows.into_iter().map(Connector).collect()),
            user_errors,
        })
    }
}

async fn relocate(ctx: &Context<'_>, input: MoveConnectorsInput) -> Result<Vec<connector::Model>, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may_change(Need::Manage)?;
    let key = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    let read = domain(ctx).database().read();
    let (from, to) = (input.from_workspace_id.as_ref(), input.to_workspace_id.as_ref());
    let from = match from {
        Some(_) => slack::meant_workspace(ctx, read, organization_id, from, "fromWorkspaceId").await?,
        None => None,
    };
    let to = slack::meant_workspace(ctx, read, organization_id, to, "toWorkspaceId").await?;
    if let Some(to) = &to {
        slack::need_connected(to, "toWorkspaceId")?;
    }
    let (from, to) = (from.map(|row| row.id), to.map(|row| row.id));
    if from == to {
        return Err(UserError::invalid("toWorkspaceId", "They lead there already.").into());
    }
    let named = named(input.connector_ids.as_deref())?;
    // The organisation stands for what was done: there is no one object.
    idempotency::gone_once(ctx, organization_id, key, organization_id, async |tx| {
        let mut there = Entity::find().filter(Column::OrganizationId.eq(organization_id));
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
            let channel = place::by_name(ctx, tx, &row, to).await?;
            let was = row.clone();
            let moved = connector::Model {
                workspace_id: to,
                channel,
                ..row
            };
            place::need_free(ctx, tx, &moved).await?;
            let moved = moved.into_active_model().reset_all().update(tx).await?;
            Trail::of(ctx, organization_id).changed(tx, &was, &moved).await?;
        }
        Ok(())
    })
    .await?;
    let mut there = Entity::find().filter(Column::OrganizationId.eq(organization_id));
    there = match to {
        Some(to) => there.filter(Column::WorkspaceId.eq(to)),
        None => there.filter(Column::WorkspaceId.is_null()),
    };
    let rows = there
        .order_by_asc(Column::Id)
        .all(domain(ctx).database().read())
        .await;
    Ok(rows.map_err(Fault::from)?)
}

fn named(ids: Option<&[ID]>) -> Result<Option<Vec<ConnectorId>>, UserError> {
    let Some(ids) = ids else { return Ok(None) };
    if ids.is_empty() || ids.len() > NAMED_MAX {
        let why = format!("Name between one connector and {NAMED_MAX}, or leave this out for all.");
        return Err(UserError::invalid("connectorIds", why));
    }
    ids.iter().map(connector_id).collect::<Result<_, _>>().map(Some)
}
