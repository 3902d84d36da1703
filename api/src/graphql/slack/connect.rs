//! Connecting Slack workspaces, changing and disconnecting them.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use secrecy::SecretString;
use tocsin_domain::error::MutationError;
use tocsin_entity::{kinds::SlackFeature, slack_workspace};

use super::workspace::SlackWorkspace;
use crate::graphql::{
    context::{given_key, patch, request, text},
    failure::{Result, UserError, into_payload},
};

/// A Slack workspace in which the Slack app of the server's configuration is installed.
#[derive(InputObject)]
pub(crate) struct ConnectSlackWorkspaceInput {
    /// What administrators call it; at most 100 characters, unique in the organisation.
    name: String,
    /// The bot token of the app (`xoxb-…`). It is kept sealed, and can't be read again.
    bot_token: String,
    /// The organisation's own Slack app that is installed there; the server's by default.
    app_id: Option<ID>,
    /// What is wanted of it: what the app lacks scopes for is told in `missingScopes`. All but incident channels and access logs by default.
    features: Option<Vec<SlackFeature>>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

impl ConnectSlackWorkspaceInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::workspace::ConnectSlackWorkspace> {
        Ok(tocsin_domain::workspace::ConnectSlackWorkspace {
            name: self.name,
            bot_token: self.bot_token.into(),
            app_id: text(self.app_id),
            features: self.features,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// New values for a Slack workspace; what is left out stays, and null is refused.
#[derive(InputObject)]
pub(crate) struct UpdateSlackWorkspaceInput {
    /// The workspace's id.
    id: ID,
    /// What administrators call it; at most 100 characters, unique in the organisation.
    name: MaybeUndefined<String>,
    /// Another bot token; it also connects the workspace again.
    bot_token: MaybeUndefined<String>,
    /// What is wanted of it.
    features: MaybeUndefined<Vec<SlackFeature>>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

impl UpdateSlackWorkspaceInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::workspace::UpdateSlackWorkspace> {
        Ok(tocsin_domain::workspace::UpdateSlackWorkspace {
            id: self.id.0,
            name: patch(self.name),
            bot_token: patch(self.bot_token).map(SecretString::from),
            features: patch(self.features),
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The Slack workspace to disconnect.
#[derive(Debug, InputObject)]
pub(crate) struct DisconnectSlackWorkspaceInput {
    /// The workspace's id.
    id: ID,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

impl DisconnectSlackWorkspaceInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::workspace::DisconnectSlackWorkspace> {
        Ok(tocsin_domain::workspace::DisconnectSlackWorkspace {
            id: self.id.0,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// What came of a change of a Slack workspace.
#[derive(SimpleObject)]
pub(crate) struct SlackWorkspacePayload {
    /// The workspace as it is now; none where the change was refused.
    workspace: Option<SlackWorkspace>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// The mutations of Slack workspaces.
#[derive(Default)]
pub(crate) struct SlackWorkspaceMutation;

#[Object]
impl SlackWorkspaceMutation {
    /// Connects a Slack workspace by the bot token of the Slack app that is installed there: the app whose signing secret or app-level token the
    /// server is configured with. Whether the token works is seen a moment later in its
    /// `status`. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `SECRET_KEY_MISSING`.
    async fn connect_slack_workspace(
        &self,
        ctx: &Context<'_>,
        input: ConnectSlackWorkspaceInput,
    ) -> Result<SlackWorkspacePayload> {
        payload(tocsin_domain::workspace::connect(&request(ctx), input.command(ctx)?).await)
    }

    /// Changes how Tocsin is connected to a Slack workspace. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `SECRET_KEY_MISSING`, `SET_BY_ENVIRONMENT`.
    async fn update_slack_workspace(
        &self,
        ctx: &Context<'_>,
        input: UpdateSlackWorkspaceInput,
    ) -> Result<SlackWorkspacePayload> {
        payload(tocsin_domain::workspace::update(&request(ctx), input.command(ctx)?).await)
    }

    /// Stops all that Tocsin does in a Slack workspace, at once. Its connectors stay, and lead nowhere until it is connected again by
    /// `updateSlackWorkspace` with a bot token. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `SET_BY_ENVIRONMENT`.
    async fn disconnect_slack_workspace(
        &self,
        ctx: &Context<'_>,
        input: DisconnectSlackWorkspaceInput,
    ) -> Result<SlackWorkspacePayload> {
        payload(tocsin_domain::workspace::disconnect(&request(ctx), input.command(ctx)?).await)
    }
}

pub(super) fn payload(
    result: Result<slack_workspace::Model, MutationError>,
) -> Result<SlackWorkspacePayload> {
    let (workspace, user_errors) = into_payload(result)?;
    Ok(SlackWorkspacePayload {
        workspace: workspace.map(SlackWorkspace),
        user_errors,
    })
}
