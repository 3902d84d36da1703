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

/// The Slack workspace to connect. A Slack app must be installed there.
#[derive(InputObject)]
pub(crate) struct ConnectSlackWorkspaceInput {
    /// The workspace's name in Tocsin: at most 100 characters, unique in the organisation.
    name: String,
    /// The bot token of the app (`xoxb-…`), at most 500 characters. Tocsin keeps the token sealed; nobody can read the token again.
    bot_token: String,
    /// The id of the organisation's own Slack app that is installed in the workspace; the server's app by default.
    app_id: Option<ID>,
    /// The features that you want in the workspace; all but `INCIDENT_CHANNELS` and `ACCESS_LOGS` by default, and always `NOTIFICATIONS`. If the app
    /// lacks scopes for a feature, `missingScopes` lists the scopes.
    features: Option<Vec<SlackFeature>>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
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

/// New values for a Slack workspace. A field that you leave out stays as it is; null is refused.
#[derive(InputObject)]
pub(crate) struct UpdateSlackWorkspaceInput {
    /// The id of the workspace to change.
    id: ID,
    /// The workspace's name in Tocsin: at most 100 characters, unique in the organisation.
    name: MaybeUndefined<String>,
    /// The new bot token (`xoxb-…`), at most 500 characters. A new token also connects a disconnected workspace again.
    bot_token: MaybeUndefined<String>,
    /// The features that you want in the workspace; always with `NOTIFICATIONS`.
    features: MaybeUndefined<Vec<SlackFeature>>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
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
    /// The id of the workspace to disconnect.
    id: ID,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
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

/// The result of a change of a Slack workspace.
#[derive(SimpleObject)]
pub(crate) struct SlackWorkspacePayload {
    /// The workspace after the change; null if the change was refused.
    workspace: Option<SlackWorkspace>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The mutations of Slack workspaces.
#[derive(Default)]
pub(crate) struct SlackWorkspaceMutation;

#[Object]
impl SlackWorkspaceMutation {
    /// Connects a Slack workspace by the bot token of the Slack app that is installed there. Tocsin must have the app's signing secret or app-level
    /// token, from the server's configuration or from `createSlackApp`. A moment later, the workspace's `status` shows whether the token works. Needs
    /// the role ADMIN or OWNER.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `SECRET_KEY_MISSING`.
    async fn connect_slack_workspace(
        &self,
        ctx: &Context<'_>,
        input: ConnectSlackWorkspaceInput,
    ) -> Result<SlackWorkspacePayload> {
        payload(tocsin_domain::workspace::connect(&request(ctx), input.command(ctx)?).await)
    }

    /// Changes a Slack workspace's name, bot token or features. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `SECRET_KEY_MISSING`, `SET_BY_ENVIRONMENT`.
    async fn update_slack_workspace(
        &self,
        ctx: &Context<'_>,
        input: UpdateSlackWorkspaceInput,
    ) -> Result<SlackWorkspacePayload> {
        payload(tocsin_domain::workspace::update(&request(ctx), input.command(ctx)?).await)
    }

    /// Stops everything that Tocsin does in a Slack workspace, at once. The workspace's connectors stay, but deliver nothing until you connect the
    /// workspace again by `updateSlackWorkspace` with a bot token. Needs the role ADMIN or OWNER.
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
