//! Asking for something to be done in Slack.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use tocsin_domain::{error::MutationError, operation::Operation};

use super::types::SlackOperation;
use crate::graphql::{
    context::{given_key, request, text},
    failure::{Result, UserError, into_payload},
};

/// The Slack workspace to test.
#[derive(Debug, InputObject)]
pub(crate) struct TestSlackConnectionInput {
    /// The id of the Slack workspace; by default the workspace of the server's configuration, or, if the server has none, the only connected
    /// workspace.
    workspace_id: Option<ID>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

impl TestSlackConnectionInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::operation::TestSlackConnection> {
        Ok(tocsin_domain::operation::TestSlackConnection {
            workspace_id: text(self.workspace_id),
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The connector to send a test message through.
#[derive(Debug, InputObject)]
pub(crate) struct SendSlackTestMessageInput {
    /// The id of the connector.
    connector_id: ID,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

impl SendSlackTestMessageInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::operation::SendSlackTestMessage> {
        Ok(tocsin_domain::operation::SendSlackTestMessage {
            connector_id: self.connector_id.0,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The user to look for in Slack.
#[derive(Debug, InputObject)]
pub(crate) struct TestSlackIdentityInput {
    /// The id of the user.
    user_id: ID,
    /// The id of the Slack workspace to look in; by default the workspace of the server's configuration, or, if the server has none, the only
    /// connected workspace.
    workspace_id: Option<ID>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

impl TestSlackIdentityInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::operation::TestSlackIdentity> {
        Ok(tocsin_domain::operation::TestSlackIdentity {
            user_id: self.user_id.0,
            workspace_id: text(self.workspace_id),
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The Slack workspace to read the channels of.
#[derive(Debug, InputObject)]
pub(crate) struct RefreshSlackChannelsInput {
    /// The id of the Slack workspace; by default the workspace of the server's configuration, or, if the server has none, the only connected
    /// workspace.
    workspace_id: Option<ID>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

impl RefreshSlackChannelsInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::operation::RefreshSlackChannels> {
        Ok(tocsin_domain::operation::RefreshSlackChannels {
            workspace_id: text(self.workspace_id),
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The Slack channel to create.
#[derive(Debug, InputObject)]
pub(crate) struct CreateSlackChannelInput {
    /// The id of the Slack workspace; by default the workspace of the server's configuration, or, if the server has none, the only connected
    /// workspace.
    workspace_id: Option<ID>,
    /// The channel's name, with or without the hash: at most 80 lowercase letters, digits, hyphens and underscores.
    name: String,
    /// Whether the channel is private; false by default.
    is_private: Option<bool>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

impl CreateSlackChannelInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::operation::CreateChannel> {
        Ok(tocsin_domain::operation::CreateChannel {
            workspace_id: text(self.workspace_id),
            name: self.name,
            is_private: self.is_private,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The result of asking for an operation in Slack.
#[derive(SimpleObject)]
pub(crate) struct SlackOperationPayload {
    /// The operation, which the Slack bridge carries out a moment later; null if the request was refused.
    operation: Option<SlackOperation>,
    /// Why the request was refused; empty if the request was accepted.
    user_errors: Vec<UserError>,
}

/// The mutations that ask for something to be done in Slack.
#[derive(Default)]
pub(crate) struct SlackOperationMutation;

#[Object]
impl SlackOperationMutation {
    /// Tests whether a workspace's bot token works, and what the app may do in the workspace. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn test_slack_connection(
        &self,
        ctx: &Context<'_>,
        input: TestSlackConnectionInput,
    ) -> Result<SlackOperationPayload> {
        payload(tocsin_domain::operation::test_connection(&request(ctx), input.command(ctx)?).await)
    }

    /// Posts a test message, marked as a test, to a connector's channel, and joins the channel if the channel is public. Needs the role ADMIN or
    /// OWNER, or to manage the services that the connector is for.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn send_slack_test_message(
        &self,
        ctx: &Context<'_>,
        input: SendSlackTestMessageInput,
    ) -> Result<SlackOperationPayload> {
        payload(tocsin_domain::operation::send_test_message(&request(ctx), input.command(ctx)?).await)
    }

    /// Looks for a user in a Slack workspace: by the user's link to Slack, and otherwise by the user's e-mail address. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn test_slack_identity(
        &self,
        ctx: &Context<'_>,
        input: TestSlackIdentityInput,
    ) -> Result<SlackOperationPayload> {
        payload(tocsin_domain::operation::test_identity(&request(ctx), input.command(ctx)?).await)
    }

    /// Reads all channels that the bot sees in a workspace, for `slackChannels`. The operation takes some seconds, or minutes in a workspace with
    /// many thousands of channels. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn refresh_slack_channels(
        &self,
        ctx: &Context<'_>,
        input: RefreshSlackChannelsInput,
    ) -> Result<SlackOperationPayload> {
        payload(tocsin_domain::operation::refresh_channels(&request(ctx), input.command(ctx)?).await)
    }

    /// Creates a channel in a workspace; the bot is a member of the channel. Needs the role ADMIN or OWNER, and the feature `INCIDENT_CHANNELS` of
    /// the Slack app.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn create_slack_channel(
        &self,
        ctx: &Context<'_>,
        input: CreateSlackChannelInput,
    ) -> Result<SlackOperationPayload> {
        payload(tocsin_domain::operation::create_channel(&request(ctx), input.command(ctx)?).await)
    }
}

fn payload(result: Result<Operation, MutationError>) -> Result<SlackOperationPayload> {
    let (operation, user_errors) = into_payload(result)?;
    Ok(SlackOperationPayload {
        operation: operation.map(SlackOperation),
        user_errors,
    })
}
