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
    /// The workspace's id; by default that of the server's configuration, or the only one that is connected where there is none.
    workspace_id: Option<ID>,
    /// Makes the request repeatable for 24 hours.
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
    /// The connector's id.
    connector_id: ID,
    /// Makes the request repeatable for 24 hours.
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

/// The member to look for in Slack.
#[derive(Debug, InputObject)]
pub(crate) struct TestSlackIdentityInput {
    /// The member's id.
    user_id: ID,
    /// The Slack workspace to look in; by default that of the server's configuration, or the only one that is connected where there is none.
    workspace_id: Option<ID>,
    /// Makes the request repeatable for 24 hours.
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

/// The Slack workspace whose channels are to be read.
#[derive(Debug, InputObject)]
pub(crate) struct RefreshSlackChannelsInput {
    /// The workspace's id; by default that of the server's configuration, or the only one that is connected where there is none.
    workspace_id: Option<ID>,
    /// Makes the request repeatable for 24 hours.
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

/// A new channel.
#[derive(Debug, InputObject)]
pub(crate) struct CreateSlackChannelInput {
    /// The Slack workspace; by default that of the server's configuration, or the only one that is connected where there is none.
    workspace_id: Option<ID>,
    /// Its name, with or without a hash: at most 80 lowercase letters, digits, hyphens and underscores.
    name: String,
    /// Whether it is private; no by default.
    is_private: Option<bool>,
    /// Makes the request repeatable for 24 hours.
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

/// What was asked to be done in Slack.
#[derive(SimpleObject)]
pub(crate) struct SlackOperationPayload {
    /// The operation: it is done a moment later. None where it was refused.
    operation: Option<SlackOperation>,
    /// Why nothing will be done.
    user_errors: Vec<UserError>,
}

/// The mutations that ask for something to be done in Slack.
#[derive(Default)]
pub(crate) struct SlackOperationMutation;

#[Object]
impl SlackOperationMutation {
    /// Tests whether a workspace's bot token works, and what the app may do there. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn test_slack_connection(
        &self,
        ctx: &Context<'_>,
        input: TestSlackConnectionInput,
    ) -> Result<SlackOperationPayload> {
        payload(tocsin_domain::operation::test_connection(&request(ctx), input.command(ctx)?).await)
    }

    /// Posts a message to a connector's channel that says it is a test, and joins the channel where it is public. Needs the role ADMIN or OWNER, or to
    /// manage the services that the connector is for.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn send_slack_test_message(
        &self,
        ctx: &Context<'_>,
        input: SendSlackTestMessageInput,
    ) -> Result<SlackOperationPayload> {
        payload(tocsin_domain::operation::send_test_message(&request(ctx), input.command(ctx)?).await)
    }

    /// Looks for a member in a Slack workspace: by their own word, else by their e-mail address. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn test_slack_identity(
        &self,
        ctx: &Context<'_>,
        input: TestSlackIdentityInput,
    ) -> Result<SlackOperationPayload> {
        payload(tocsin_domain::operation::test_identity(&request(ctx), input.command(ctx)?).await)
    }

    /// Reads all channels that the bot sees in a workspace, for `slackChannels`. It takes some seconds, or minutes where there are many thousands.
    /// Needs the role ADMIN or OWNER.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn refresh_slack_channels(
        &self,
        ctx: &Context<'_>,
        input: RefreshSlackChannelsInput,
    ) -> Result<SlackOperationPayload> {
        payload(tocsin_domain::operation::refresh_channels(&request(ctx), input.command(ctx)?).await)
    }

    /// Creates a channel in a workspace; the bot is in it. Needs the role ADMIN or OWNER, and the feature `INCIDENT_CHANNELS` of the Slack app.
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
