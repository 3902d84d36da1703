//! A channel to which Slack has given another id: what is on record under the one before follows, and goes on being kept true.
//!
//! Each step may be done again. Who was told something once, and what was deleted before it was heard of, stays under the old id: the one is
//! said once more at the worst, and the other is of moments.

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, sea_query::Expr};
use tocsin_entity::slack::{origin, post};
use tocsin_queue::JobError;

use crate::{
    bridge::Parts,
    failure::of_api,
    graphql::{As, RecordSlackChannelId, record_slack_channel_id},
};

pub(super) async fn follow(parts: &Parts, team: &str, from: &str, to: &str) -> Result<(), JobError> {
    posts_follow(parts, team, from, to)
        .await
        .map_err(JobError::retry)?;
    for organization in parts.api.organizations().await.map_err(of_api)? {
        if !parts.workspaces.serves(team, organization.id) {
            continue;
        }
        let input = record_slack_channel_id::RecordSlackChannelIdInput {
            team_id: team.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        let variables = record_slack_channel_id::Variables { input };
        let who = As::bridge(organization.id, None);
        let answer = parts.api.execute::<RecordSlackChannelId>(who, variables).await;
        let answer = answer.map_err(of_api)?.record_slack_channel_id;
        for error in &answer.user_errors {
            tracing::error!(
                slack.channel = to,
                "the channel's new id is not recorded: {} ({})",
                error.message,
                error.code
            );
        }
        for connector in answer.connectors.into_iter().flatten() {
            tracing::info!(
                slack.channel = to,
                "the connector {} leads to {to} instead of {from}: Slack calls the channel so now",
                connector.name
            );
        }
    }
    Ok(())
}

async fn posts_follow(parts: &Parts, team: &str, from: &str, to: &str) -> Result<(), DbErr> {
    post::Entity::update_many()
        .col_expr(post::Column::ChannelId, Expr::value(to))
        .filter(post::Column::TeamId.eq(team))
        .filter(post::Column::ChannelId.eq(from))
        .exec(parts.database.write())
        .await?;
    origin::Entity::update_many()
        .col_expr(origin::Column::ChannelId, Expr::value(to))
        .filter(origin::Column::TeamId.eq(team))
        .filter(origin::Column::ChannelId.eq(from))
        .exec(parts.database.write())
        .await?;
    Ok(())
}
