//! A channel that Slack calls otherwise: by another name, or by another id, as where it becomes one that is shared with another company. What is
//! on record under the one before follows.

use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, Func},
};
use tocsin_entity::{
    connector::{Column, Entity, Model},
    id::OrganizationId,
    timeline_entry,
};

use super::place;
use crate::{
    audit::AuditTrail, error::MutationError, limits, request::Request, tenant::Tenant, viewer::Permission,
};

/// Longest id or name that Slack gives, in characters: its names have 80.
const CALLED_MAX: usize = 100;

/// What Slack has told of a channel. Taken from the Slack bridge alone.
#[derive(Debug)]
pub struct RecordSlackChannelChange {
    /// What Slack calls the workspace (`T…`).
    pub team_id: String,
    /// What the channel was called until now: its id, or its name with the hash.
    pub from: String,
    /// What it is called from now on, in the same way.
    pub to: String,
}

/// Records what a channel is called from now on.
pub async fn record(
    request: &Request<'_>,
    input: RecordSlackChannelChange,
) -> Result<Vec<Model>, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Report)?;
    let team_id = limits::line("teamId", &input.team_id, CALLED_MAX)?;
    let from = limits::line("from", &input.from, CALLED_MAX)?;
    let to = limits::line("to", &input.to, CALLED_MAX)?;
    let tx = request.domain.database().begin_write().await?;
    let mut changed = Vec::new();
    for row in named(request, &tx, organization_id, &team_id, &from).await? {
        let called = place::canonical_channel(request, &tx, &row, &team_id, &to).await?;
        let mut change = row.clone().into_active_model();
        change.channel = Set(called);
        let renamed = change.update(&tx).await?;
        AuditTrail::of(request, organization_id)
            .changed(&tx, &row, &renamed)
            .await?;
        changed.push(renamed);
    }
    // Comments know the channel by its id.
    if !from.starts_with('#') {
        let place = |channel: &str| format!("slack:{team_id}/{channel}/");
        comments_follow(&tx, organization_id, &place(&from), &place(&to)).await?;
    }
    tx.commit().await?;
    Ok(changed)
}

/// The organisation's connectors that name the team's channel so.
async fn named(
    request: &Request<'_>,
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    team_id: &str,
    called: &str,
) -> Result<Vec<Model>, DbErr> {
    let rows = Tenant::of(organization_id)
        .find::<Entity>()
        .filter(Expr::expr(Func::lower(Expr::col(Column::Channel))).eq(called.to_lowercase()))
        .all(tx)
        .await?;
    place::in_team(request, tx, rows, team_id).await
}

/// Comments that came from the channel are known by where they came from, so that they are edited and retracted with what was said there.
async fn comments_follow(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    from: &str,
    to: &str,
) -> Result<(), DbErr> {
    use timeline_entry::{Column, Entity};
    let anew =
        || Func::cust("replace").args([Expr::col(Column::ExternalRef), Expr::val(from), Expr::val(to)]);
    // What has come in under the new id already stays what it is.
    let there = Tenant::of(organization_id)
        .find::<Entity>()
        .select_only()
        .column(Column::ExternalRef)
        .filter(Column::ExternalRef.starts_with(to));
    Entity::update_many()
        .col_expr(Column::ExternalRef, anew().into())
        .filter(Column::OrganizationId.eq(organization_id))
        .filter(Column::ExternalRef.starts_with(from))
        .filter(Expr::expr(anew()).not_in_subquery(sea_orm::QueryTrait::into_query(there)))
        .exec(tx)
        .await
        .map(|_| ())
}
