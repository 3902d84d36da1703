//! What the bridge reads and writes of operations: what is still to be done, and what came of it.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    result::{CreatedSlackChannel, SlackConnectionReport, SlackIdentityFound, SlackTestMessage},
    types::SlackOperation,
};
use crate::graphql::{
    context::{given_key, request},
    failure::{Result, UserError, into_payload},
    slack::restore::{self, ReportRestoreInput, ReportRestorePayload},
};

/// The result of an operation: a `code` with a `message`, or what the bridge found.
#[derive(Debug, InputObject)]
pub(crate) struct FinishSlackOperationInput {
    /// The id of the operation.
    id: ID,
    /// The reason why the operation failed, as a code; null if the operation succeeded.
    code: Option<String>,
    /// The reason why the operation failed, in words, and what people can do; null if the operation succeeded.
    message: Option<String>,
    /// The workspace's answer; null unless a `TEST_CONNECTION` succeeded.
    connection: Option<SlackConnectionReport>,
    /// The test message in Slack; null unless a `TEST_MESSAGE` succeeded.
    test_message: Option<SlackTestMessage>,
    /// The person in Slack that the user is; null unless a `TEST_IDENTITY` succeeded.
    identity: Option<SlackIdentityFound>,
    /// The number of channels that the bot sees; null unless a `REFRESH_CHANNELS` succeeded.
    channel_count: Option<i32>,
    /// The channel that was created; null unless a `CREATE_CHANNEL` succeeded.
    channel: Option<CreatedSlackChannel>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

impl FinishSlackOperationInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::operation::FinishSlackOperation> {
        Ok(tocsin_domain::operation::FinishSlackOperation {
            id: self.id.0,
            code: self.code,
            message: self.message,
            connection: self.connection.map(Into::into),
            test_message: self.test_message.map(Into::into),
            identity: self.identity.map(Into::into),
            channel_count: self.channel_count,
            channel: self.channel.map(Into::into),
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The result of `finishSlackOperation`.
#[derive(SimpleObject)]
pub(crate) struct FinishSlackOperationPayload {
    /// The operation after the report; null if the report was refused.
    operation: Option<SlackOperation>,
    /// Why nothing was changed, such as `WRONG_STATUS` if the operation was over already; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The mutation by which the bridge reports.
#[derive(Default)]
pub(crate) struct SlackReportMutation;

#[Object]
impl SlackReportMutation {
    /// Reports the result of an operation: for the Slack bridge alone. The first report counts.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn finish_slack_operation(
        &self,
        ctx: &Context<'_>,
        input: FinishSlackOperationInput,
    ) -> Result<FinishSlackOperationPayload> {
        let (operation, user_errors) =
            into_payload(tocsin_domain::operation::finish(&request(ctx), input.command(ctx)?).await)?;
        Ok(FinishSlackOperationPayload {
            operation: operation.map(SlackOperation),
            user_errors,
        })
    }

    /// Records that the database was restored from a backup, as messages in Slack show: the number of the next incident is higher than all numbers
    /// that may be known outside. For the Slack bridge alone. A report of what is already known changes nothing.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn report_restore(
        &self,
        ctx: &Context<'_>,
        input: ReportRestoreInput,
    ) -> Result<ReportRestorePayload> {
        restore::report(ctx, input).await
    }
}

/// The query by which the bridge finds what is to be done.
#[derive(Default)]
pub(crate) struct SlackReportQuery;

#[Object]
impl SlackReportQuery {
    /// The pending operations in Slack, oldest first: for the Slack bridge alone. Without an organisation: the operations of all organisations.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn pending_slack_operations(&self, ctx: &Context<'_>) -> Result<Vec<SlackOperation>> {
        let pending = tocsin_domain::operation::pending(&request(ctx)).await?;
        Ok(pending.into_iter().map(SlackOperation).collect())
    }
}
