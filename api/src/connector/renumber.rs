//! A channel to which Slack has given another id, as where it becomes one that is shared with another company: what is on record under the
//! id before follows.

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
    error::{Trouble, UserError, UserErrorCode, told},
    limits,
    node::domain,
    viewer::{Need, Viewer},
};

/// Longest id that Slack gives, in characters; its documentation names no bound, and those seen have 11.
const ID_MAX: usize = 50;

/// What Slack has told of a channel. Taken from the Slack bridge alone.
#[derive(Debug, InputObject)]
pub(crate) struct RecordSlackChannelIdInput {
    /// What Slack calls the workspace (`T…`).
    team_id: String,
    /// The channel's id until now.
    from: String,
    /// Its id from now on.
    to: String,
}

/// What came of a channel's new id.
#[derive(SimpleObject)]
pub(crate) struct RecordSlackChannelIdPayload {
    /// The connectors that have named the channel by its id, and do by the new one; none where it was refused.
    connectors: Option<Vec<Connector>>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// The mutation by which the bridge reports another id.
#[derive(Default)]
pub(crate) struct RenumberMutation;

#[Object]
impl RenumberMutation {
    /// Records that Slack has given a channel another id: the organisation's connectors and comments follow. For the Slack bridge alone; again, it
    /// changes nothing.
    async fn record_slack_channel_id(
        &self,
        ctx: &Context<'_>,
        input: RecordSlackChannelIdInput,
    ) -> Result<RecordSlackChannelIdPayload> {
        let (rows, user_errors) = told(record(ctx, input).await)?;
        Ok(RecordSlackChannelIdPayload {
            connectors: rows.map(|rows| rows.into_iter().map(Connector).collect()),
            user_errors,
        })
    }
}

async fn record(ctx: &Context<'_>, input: RecordSlackChannelIdInput) -> Result<Vec<Model>, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may_change(Need::Read)?;
    if !viewer.is_bridge() {
        return Err(UserError::new(UserErrorCode::Forbidden, "This is for the Slack bridge alone.").into());
    }
    let team_id = limits::line("teamId", &input.team_id, ID_MAX)?;
    let from = limits::line("from", &input.from, ID_MAX)?;
    let to = limits::line("to", &input.to, ID_MAX)?;
    let tx = domain(ctx).database().begin_write().await?;
    let mut changed = Vec::new();
    for row in named(ctx, &tx, organization_id, &team_id, &from).await? {
        let mut change = row.into_active_model();
        change.channel = Set(to.clone());
        changed.push(change.update(&tx).await?);
    }
    let place = |channel: &str| format!("slack:{team_id}/{channel}/");
    comments_follow(&tx, organization_id, &place(&from), &place(&to)).await?;
    tx.commit().await?;
    Ok(changed)
}

/// The organisation's connectors that name the team's channel by this id.
async fn named(
    ctx: &Context<'_>,
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    team_id: &str,
    id: &str,
) -> Result<Vec<Model>, DbErr> {
    let rows = Entity::find()
        .filter(Column::OrganizationId.eq(organization_id))
        .filter(Column::Channel.eq(id))
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
