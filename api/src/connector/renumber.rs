//! A channel that Slack calls otherwise: by another name, or by another id, as where it becomes one that is shared with another company. What is
//! on record under the one before follows.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
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

use super::{graphql::Connector, place};
use crate::{
    audit::Trail,
    error::{Trouble, UserError, told},
    limits,
    node::domain,
    viewer::{Need, Viewer},
};

/// Longest id or name that Slack gives, in characters: its names have 80.
const CALLED_MAX: usize = 100;

/// What Slack has told of a channel. Taken from the Slack bridge alone.
#[derive(Debug, InputObject)]
pub(crate) struct RecordSlackChannelChangeInput {
    /// What Slack calls the workspace (`T…`).
    team_id: String,
    /// What the channel was called until now: its id, or its name with the hash.
    from: String,
    /// What it is called from now on, in the same way.
    to: String,
}

/// What came of a channel's new name or id.
#[derive(SimpleObject)]
pub(crate) struct RecordSlackChannelChangePayload {
    /// The connectors that have named the channel so, and do in the new way; none where it was refused.
    connectors: Option<Vec<Connector>>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// The mutation by which the bridge reports what a channel is called.
#[derive(Default)]
pub(crate) struct RenumberMutation;

#[Object]
impl RenumberMutation {
    /// Records that a channel has another name or id: the organisation's connectors and comments follow. For the Slack bridge alone; again, it
    /// changes nothing.
    #[graphql(visible = "crate::viewer::shown_to_bridge")]
    async fn record_slack_channel_change(
        &self,
        ctx: &Context<'_>,
        input: RecordSlackChannelChangeInput,
    ) -> Result<RecordSlackChannelChangePayload> {
        let (rows, user_errors) = told(record(ctx, input).await)?;
        Ok(RecordSlackChannelChangePayload {
            connectors: rows.map(|rows| rows.into_iter().map(Connector).collect()),
            user_errors,
        })
    }
}

async fn record(ctx: &Context<'_>, input: RecordSlackChannelChangeInput) -> Result<Vec<Model>, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may_change(Need::Report)?;
    let team_id = limits::line("teamId", &input.team_id, CALLED_MAX)?;
    let from = limits::line("from", &input.from, CALLED_MAX)?;
    let to = limits::line("to", &input.to, CALLED_MAX)?;
    let tx = domain(ctx).database().begin_write().await?;
    let mut changed = Vec::new();
    for row in named(ctx, &tx, organization_id, &team_id, &from).await? {
        let called = place::kept(ctx, &tx, &row, &team_id, &to).await?;
        let mut change = row.clone().into_active_model();
        change.channel = Set(called);
        let renamed = change.update(&tx).await?;
        Trail::of(ctx, organization_id)
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
    ctx: &Context<'_>,
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    team_id: &str,
    called: &str,
) -> Result<Vec<Model>, DbErr> {
    let rows = Entity::find()
        .filter(Column::OrganizationId.eq(organization_id))
        .filter(Expr::expr(Func::lower(Expr::col(Column::Channel))).eq(called.to_lowercase()))
        .all(tx)
        .await?;
    place::in_team(ctx, tx, rows, team_id).await
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
    let there = Entity::find()
        .select_only()
        .column(Column::ExternalRef)
        .filter(Column::OrganizationId.eq(organization_id))
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
