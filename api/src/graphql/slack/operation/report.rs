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

/// What came of an operation: a `code` with its `message`, or what was found.
#[derive(Debug, InputObject)]
pub(crate) struct FinishSlackOperationInput {
    /// The operation's id.
    id: ID,
    /// Why it failed; null where it succeeded.
    code: Option<String>,
    /// Why it failed, and what to do.
    message: Option<String>,
    /// How the workspace answered.
    connection: Option<SlackConnectionReport>,
    /// Where the test message is.
    test_message: Option<SlackTestMessage>,
    /// Who the member is.
    identity: Option<SlackIdentityFound>,
    /// How many channels the bot sees.
    channel_count: Option<i32>,
    /// The channel that was created.
    channel: Option<CreatedSlackChannel>,
    /// Makes the request repeatable for 24 hours.
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

/// What became of a report.
#[derive(SimpleObject)]
pub(crate) struct FinishSlackOperationPayload {
    /// The operation as it is now; none where the report was refused.
    operation: Option<SlackOperation>,
    /// Why nothing was changed: `WRONG_STATUS` where it was over already.
    user_errors: Vec<UserError>,
}

/// The mutation by which the bridge reports.
#[derive(Default)]
pub(crate) struct SlackReportMutation;

#[Object]
impl SlackReportMutation {
    /// Reports what came of an operation: for the Slack bridge alone. The first report counts.
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

    /// Records that the database was restored from a backup, as messages in Slack show: the next incident's number is beyond all that may be
    /// known outside. For the Slack bridge alone; what is known already changes nothing.
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
    /// What was asked to be done in Slack and is not done yet, oldest first: for the Slack bridge alone. Without an organisation, everybody's.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn pending_slack_operations(&self, ctx: &Context<'_>) -> Result<Vec<SlackOperation>> {
        let pending = tocsin_domain::operation::pending(&request(ctx)).await?;
        Ok(pending.into_iter().map(SlackOperation).collect())
    }
}
