//! The operation in GraphQL, and the query for one.

use async_graphql::{Context, ID, Object, SimpleObject};
use time::OffsetDateTime;
use tocsin_domain::operation::Operation;
use tocsin_entity::{
    connector,
    kinds::{OperationKind, OperationState, SlackMatch},
    slack_workspace,
};
use tocsin_slack_app::feature;

use super::result::{CreatedSlackChannel, SlackIdentityFound, SlackTestMessage};
use crate::graphql::{
    connector::Connector,
    context::{loaders, request},
    failure::Result,
    organization::{self, Organization},
    slack::{MissingScopes, SlackWorkspace},
    user::{User, load_member},
};

/// Something that is done in Slack.
#[derive(Clone)]
pub(crate) struct SlackOperation(pub(crate) Operation);

/// How a Slack workspace answered when it was tested.
#[derive(SimpleObject)]
pub(crate) struct SlackConnectionTest {
    /// What Slack calls the workspace (`T…`).
    team_id: String,
    /// What people call it.
    team_name: String,
    /// The bot, as a user.
    bot_user_id: String,
    /// The Slack app (`A…`), where Slack says so.
    app_id: Option<String>,
    /// The scopes that Slack says were granted.
    scopes: Vec<String>,
    /// What is wanted of the workspace and lacks scopes; of the server's own, what is usual.
    missing_scopes: Vec<MissingScopes>,
}

/// Something that was asked to be done in Slack, and what came of it. It is done by the Slack bridge a moment later: read it again, or subscribe to
/// `slackOperation`.
#[Object]
impl SlackOperation {
    /// The operation's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.row.id.to_string())
    }

    /// The organisation that it belongs to.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        organization::load(ctx, self.0.row.organization_id).await
    }

    /// The id of the organisation that it belongs to. For the Slack bridge only.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn organization_id(&self) -> ID {
        ID(self.0.row.organization_id.to_string())
    }

    /// What is to be done.
    async fn kind(&self) -> OperationKind {
        self.0.row.kind
    }

    /// How far it has come.
    async fn state(&self) -> OperationState {
        self.0.row.state
    }

    /// Why it failed: Slack's error code, or one of Tocsin's (`EXPIRED` where it was not done in time). Stable.
    async fn code(&self) -> Option<&str> {
        self.0.row.code.as_deref()
    }

    /// Why it failed, and what to do.
    async fn message(&self) -> Option<&str> {
        self.0.row.message.as_deref()
    }

    /// The Slack workspace; null for that of the server's configuration.
    async fn workspace(&self, ctx: &Context<'_>) -> Result<Option<SlackWorkspace>> {
        let Some(id) = self.0.row.workspace_id else {
            return Ok(None);
        };
        let found: Option<slack_workspace::Model> = loaders(ctx).load_one(id).await?;
        Ok(found.map(SlackWorkspace))
    }

    /// The connector that is tested.
    async fn connector(&self, ctx: &Context<'_>) -> Result<Option<Connector>> {
        let Some(id) = self.0.row.connector_id else {
            return Ok(None);
        };
        let found: Option<connector::Model> = loaders(ctx).load_one(id).await?;
        Ok(found.map(Connector))
    }

    /// The member who is looked for.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(load_member(ctx, self.0.row.organization_id, self.0.row.user_id).await?)
    }

    /// Who that member is in Slack by their own word (`U…`), where they have said so; it goes before their e-mail address.
    async fn linked_slack_user_id(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.0.link(&request(ctx)).await?.map(|link| link.slack_user_id))
    }

    /// How they have said so.
    async fn linked_by(&self, ctx: &Context<'_>) -> Result<Option<SlackMatch>> {
        Ok(self.0.link(&request(ctx)).await?.map(|link| link.kind))
    }

    /// What the channel is to be called, without a hash.
    async fn channel_name(&self) -> Option<&str> {
        self.0.wish.channel_name.as_deref()
    }

    /// Whether the channel is to be private.
    async fn channel_is_private(&self) -> Option<bool> {
        self.0.wish.channel_is_private
    }

    /// Of `TEST_CONNECTION` that succeeded: how the workspace answered.
    async fn connection(&self, ctx: &Context<'_>) -> Result<Option<SlackConnectionTest>> {
        let Some(found) = self.0.outcome.connection.clone() else {
            return Ok(None);
        };
        let wanted = match self.0.row.workspace_id {
            None => feature::USUAL.into_iter().collect(),
            Some(id) => {
                let workspace: Option<slack_workspace::Model> = loaders(ctx).load_one(id).await?;
                workspace.map_or_else(Default::default, |workspace| feature::read(&workspace.features))
            }
        };
        let granted = found.scopes.iter().map(String::as_str).collect();
        Ok(Some(SlackConnectionTest {
            missing_scopes: MissingScopes::of(&wanted, &granted),
            team_id: found.team_id,
            team_name: found.team_name,
            bot_user_id: found.bot_user_id,
            app_id: found.app_id,
            scopes: found.scopes,
        }))
    }

    /// Of `TEST_MESSAGE` that succeeded: where the message is.
    async fn test_message(&self) -> Option<SlackTestMessage> {
        self.0.outcome.test_message.clone().map(Into::into)
    }

    /// Of `TEST_IDENTITY` that succeeded: who the member is in Slack.
    async fn identity(&self) -> Option<SlackIdentityFound> {
        self.0.outcome.identity.clone().map(Into::into)
    }

    /// Of `REFRESH_CHANNELS` that succeeded: how many channels the bot sees.
    async fn channel_count(&self) -> Option<i32> {
        self.0.outcome.channel_count
    }

    /// Of `CREATE_CHANNEL` that succeeded: the channel.
    async fn channel(&self) -> Option<CreatedSlackChannel> {
        self.0.outcome.channel.clone().map(Into::into)
    }

    /// Who asked; null where the key belongs to no member.
    async fn requested_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(load_member(ctx, self.0.row.organization_id, self.0.row.requested_by).await?)
    }

    /// When it was asked for.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.row.created_at
    }

    /// Until when it is waited for; then it has failed.
    async fn expires_at(&self) -> OffsetDateTime {
        self.0.row.expires_at
    }

    /// When it was over.
    async fn finished_at(&self) -> Option<OffsetDateTime> {
        self.0.row.finished_at
    }
}

/// An operation that the viewer may see.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<SlackOperation>> {
    let found = tocsin_domain::operation::find(&request(ctx), id).await?;
    Ok(found.map(SlackOperation))
}

/// The query for operations.
#[derive(Default)]
pub(crate) struct SlackOperationQuery;

#[Object]
impl SlackOperationQuery {
    /// Something that was asked to be done in Slack, for whoever asked and for administrators; null where there is none. It is kept for 30 days.
    async fn slack_operation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The operation's id.")] id: ID,
    ) -> Result<Option<SlackOperation>> {
        find(ctx, &id).await
    }
}
