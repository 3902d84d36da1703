//! A channel that Slack calls otherwise: what is on record under the id or name before follows, and goes on being kept true.
//!
//! Each step may be done again. Who was told something once, and what was deleted before it was heard of, stays under the old id: the one is
//! said once more at the worst, and the other is of moments.

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, sea_query::Expr};
use tocsin_client::{
    ApiError, As,
    documents::{RecordSlackChannelChange, record_slack_channel_change},
};
use tocsin_entity::slack::{channel, origin, post};
use tocsin_slack::channel::Channel;

use super::Directory;
use crate::installation::AppInstallation;

/// Why what a channel is called could not be passed on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FollowError {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl Directory {
    /// It has another id.
    pub(crate) async fn renumbered(
        &self,
        installation: &AppInstallation,
        from: &str,
        to: &str,
    ) -> Result<(), FollowError> {
        self.posts_follow(installation, from, to).await?;
        self.connectors_follow(installation.team_id(), from, to).await?;
        Ok(())
    }

    /// Those among these that are on record under other names: connectors that name one so lead to the same channel as before.
    pub(crate) async fn renamed(&self, team: &str, channels: &[Channel]) -> Result<(), FollowError> {
        let ids = channels.iter().map(|channel| channel.id.as_str());
        let known = channel::Entity::find()
            .filter(channel::Column::TeamId.eq(team))
            .filter(channel::Column::ChannelId.is_in(ids))
            .all(self.database.read())
            .await?;
        for before in known {
            let now = channels.iter().find(|channel| channel.id == before.channel_id);
            if let Some(now) = now.filter(|now| now.name != before.name && !before.name.is_empty()) {
                let (from, to) = (format!("#{}", before.name), format!("#{}", now.name));
                self.connectors_follow(team, &from, &to).await?;
            }
        }
        Ok(())
    }

    async fn connectors_follow(&self, team: &str, from: &str, to: &str) -> Result<(), ApiError> {
        for organization in self.api.organizations().await? {
            if !self.workspaces.serves(team, organization.id) {
                continue;
            }
            let input = record_slack_channel_change::RecordSlackChannelChangeInput {
                team_id: team.to_owned(),
                from: from.to_owned(),
                to: to.to_owned(),
            };
            let variables = record_slack_channel_change::Variables { input };
            let who = As::bridge(organization.id, None);
            let answer = self.api.execute::<RecordSlackChannelChange>(who, variables).await;
            let answer = answer?.record_slack_channel_change;
            for error in &answer.user_errors {
                let (message, code) = (&error.message, &error.code);
                tracing::error!(
                    slack.channel = to,
                    "what the channel is called now is not recorded: {message} ({code})"
                );
            }
            for connector in answer.connectors.into_iter().flatten() {
                let name = connector.name;
                tracing::info!(
                    slack.channel = to,
                    "the connector {name} leads to {to} instead of {from}: Slack calls the channel so now"
                );
            }
        }
        Ok(())
    }

    /// The messages of those whom the installation serves: others may have been connected there before.
    async fn posts_follow(&self, installation: &AppInstallation, from: &str, to: &str) -> Result<(), DbErr> {
        let (team, served) = (installation.team_id(), installation.served());
        let mut posts = post::Entity::update_many();
        let mut origins = origin::Entity::update_many();
        if let Some(served) = served {
            posts = posts.filter(post::Column::OrganizationId.is_in(served.clone()));
            origins = origins.filter(origin::Column::OrganizationId.is_in(served));
        }
        posts
            .col_expr(post::Column::ChannelId, Expr::value(to))
            .filter(post::Column::TeamId.eq(team))
            .filter(post::Column::ChannelId.eq(from))
            .exec(self.database.write())
            .await?;
        origins
            .col_expr(origin::Column::ChannelId, Expr::value(to))
            .filter(origin::Column::TeamId.eq(team))
            .filter(origin::Column::ChannelId.eq(from))
            .exec(self.database.write())
            .await?;
        Ok(())
    }
}
