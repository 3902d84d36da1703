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

/// An operation in Slack that a user asked for, and the result. The Slack bridge carries out the operation a moment later: query the operation again,
/// or subscribe to `slackOperation`.
#[derive(Clone)]
pub(crate) struct SlackOperation(pub(crate) Operation);

/// The answer of a Slack workspace to a test.
#[derive(SimpleObject)]
pub(crate) struct SlackConnectionTest {
    /// The Slack id of the workspace (`T…`).
    team_id: String,
    /// The workspace's name in Slack.
    team_name: String,
    /// The Slack id of the bot's user (`U…`).
    bot_user_id: String,
    /// The Slack id of the app (`A…`); null if Slack doesn't give the id.
    app_id: Option<String>,
    /// The scopes that Slack says were granted.
    scopes: Vec<String>,
    /// The wanted features that lack scopes, with the scopes; for the server's own workspace, all features but `INCIDENT_CHANNELS` and `ACCESS_LOGS`
    /// count as wanted.
    missing_scopes: Vec<MissingScopes>,
}

/// An operation in Slack that a user asked for, and the result. The Slack bridge carries out the operation a moment later: query the operation again,
/// or subscribe to `slackOperation`.
#[Object]
impl SlackOperation {
    /// The operation's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.row.id.to_string())
    }

    /// The organisation that the operation belongs to.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        organization::load(ctx, self.0.row.organization_id).await
    }

    /// The id of the organisation that the operation belongs to. For the Slack bridge only.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn organization_id(&self) -> ID {
        ID(self.0.row.organization_id.to_string())
    }

    /// The kind of the operation.
    async fn kind(&self) -> OperationKind {
        self.0.row.kind
    }

    /// The state of the operation.
    async fn state(&self) -> OperationState {
        self.0.row.state
    }

    /// The reason why the operation failed, as a stable code: Slack's error code, or a code of Tocsin's (`EXPIRED` if the operation wasn't done in
    /// time); null unless the operation failed.
    async fn code(&self) -> Option<&str> {
        self.0.row.code.as_deref()
    }

    /// The reason why the operation failed, in words, and what you can do; null unless the operation failed.
    async fn message(&self) -> Option<&str> {
        self.0.row.message.as_deref()
    }

    /// The Slack workspace of the operation; null for the workspace of the server's configuration.
    async fn workspace(&self, ctx: &Context<'_>) -> Result<Option<SlackWorkspace>> {
        let Some(id) = self.0.row.workspace_id else {
            return Ok(None);
        };
        let found: Option<slack_workspace::Model> = loaders(ctx).load_one(id).await?;
        Ok(found.map(SlackWorkspace))
    }

    /// The connector that is tested; null unless the kind is `TEST_MESSAGE`, or if the connector was deleted.
    async fn connector(&self, ctx: &Context<'_>) -> Result<Option<Connector>> {
        let Some(id) = self.0.row.connector_id else {
            return Ok(None);
        };
        let found: Option<connector::Model> = loaders(ctx).load_one(id).await?;
        Ok(found.map(Connector))
    }

    /// The user to look for in Slack; null unless the kind is `TEST_IDENTITY`, or if the user is no longer a member.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(load_member(ctx, self.0.row.organization_id, self.0.row.user_id).await?)
    }

    /// The Slack id (`U…`) that the user in `user` is linked with, which takes precedence over the user's e-mail address; null if the user isn't
    /// linked in the workspace.
    async fn linked_slack_user_id(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.0.link(&request(ctx)).await?.map(|link| link.slack_user_id))
    }

    /// The way in which the user was linked; null if the user isn't linked in the workspace.
    async fn linked_by(&self, ctx: &Context<'_>) -> Result<Option<SlackMatch>> {
        Ok(self.0.link(&request(ctx)).await?.map(|link| link.kind))
    }

    /// The name of the channel to create, without the hash; null unless the kind is `CREATE_CHANNEL`.
    async fn channel_name(&self) -> Option<&str> {
        self.0.wish.channel_name.as_deref()
    }

    /// Whether the channel to create is private; null unless the kind is `CREATE_CHANNEL`.
    async fn channel_is_private(&self) -> Option<bool> {
        self.0.wish.channel_is_private
    }

    /// The workspace's answer; null unless a `TEST_CONNECTION` succeeded.
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

    /// The test message in Slack; null unless a `TEST_MESSAGE` succeeded.
    async fn test_message(&self) -> Option<SlackTestMessage> {
        self.0.outcome.test_message.clone().map(Into::into)
    }

    /// The person in Slack that the user is; null unless a `TEST_IDENTITY` succeeded.
    async fn identity(&self) -> Option<SlackIdentityFound> {
        self.0.outcome.identity.clone().map(Into::into)
    }

    /// The number of channels that the bot sees; null unless a `REFRESH_CHANNELS` succeeded.
    async fn channel_count(&self) -> Option<i32> {
        self.0.outcome.channel_count
    }

    /// The channel that was created; null unless a `CREATE_CHANNEL` succeeded.
    async fn channel(&self) -> Option<CreatedSlackChannel> {
        self.0.outcome.channel.clone().map(Into::into)
    }

    /// The user who asked for the operation; null if the API key belongs to no user.
    async fn requested_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(load_member(ctx, self.0.row.organization_id, self.0.row.requested_by).await?)
    }

    /// The time when the operation was asked for.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.row.created_at
    }

    /// The time at which a pending operation fails, because the Slack bridge didn't finish in time.
    async fn expires_at(&self) -> OffsetDateTime {
        self.0.row.expires_at
    }

    /// The time when the operation ended; null while the operation is pending.
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
    /// An operation in Slack, for the user who asked for the operation and for administrators; null if there is no such operation. Operations are
    /// kept for 30 days.
    async fn slack_operation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the operation.")] id: ID,
    ) -> Result<Option<SlackOperation>> {
        find(ctx, &id).await
    }
}
