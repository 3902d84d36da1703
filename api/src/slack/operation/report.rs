//! What the bridge reads and writes of operations: what is still to be done, and what came of it.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::LockType,
};
use serde_json::json;
use tocsin_entity::{
    id::OperationId,
    kinds::OperationState,
    slack_operation::{Column, Entity, Model},
};

use super::{
    graphql::SlackOperation,
    result::{CreatedSlackChannel, Outcome, SlackConnectionReport, SlackIdentityFound, SlackTestMessage},
};
use crate::{
    error::{Fault, Trouble, UserError, UserErrorCode, told},
    idempotency, limits,
    node::domain,
    restore::{self, ReportRestoreInput, ReportRestorePayload},
    viewer::{Need, Viewer},
};

/// Most operations that are told at once.
const PENDING_MAX: u64 = 100;

/// Longest code, and longest explanation, in characters.
const CODE_MAX: usize = 100;
const MESSAGE_MAX: usize = 2_000;

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
    #[graphql(visible = "crate::viewer::shown_to_bridge")]
    async fn finish_slack_operation(
        &self,
        ctx: &Context<'_>,
        input: FinishSlackOperationInput,
    ) -> Result<FinishSlackOperationPayload> {
        let (operation, user_errors) = told(finish(ctx, input).await)?;
        Ok(FinishSlackOperationPayload {
            operation,
            user_errors,
        })
    }

    /// Records that the database was restored from a backup, as messages in Slack show: the next incident's number is beyond all that may be
    /// known outside. For the Slack bridge alone; what is known already changes nothing.
    #[graphql(visible = "crate::viewer::shown_to_bridge")]
    async fn report_restore(
        &self,
        ctx: &Context<'_>,
        input: ReportRestoreInput,
    ) -> Result<ReportRestorePayload> {
        restore::report(ctx, input).await
    }
}

async fn finish(ctx: &Context<'_>, input: FinishSlackOperationInput) -> Result<SlackOperation, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may_change(Need::Report)?;
    let key = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    let unknown = || UserError::not_found("Slack operation").at("id");
    let id: OperationId = input.id.parse().map_err(|_| unknown())?;
    let code = input
        .code
        .as_deref()
        .map(|code| limits::line("code", code, CODE_MAX))
        .transpose()?;
    let message = input
        .message
        .as_deref()
        .map(|message| limits::line("message", message, MESSAGE_MAX))
        .transpose()?;
    let outcome = Outcome {
        connection: input.connection,
        test_message: input.test_message,
        identity: input.identity,
        channel_count: input.channel_count,
        channel: input.channel,
    };
    let id_of = |row: &Model| row.id;
    let row = idempotency::once(ctx, organization_id, key, "Slack operation", id_of, async |tx| {
        let found = Entity::find_by_id(id)
            .filter(Column::OrganizationId.eq(organization_id))
            .lock(LockType::Update)
            .one(tx)
            .await?;
        let found = found.ok_or_else(unknown)?;
        let now = domain(ctx).clock().now();
        if super::seen_at(now, found.clone()).state != OperationState::Pending {
            return Err(UserError::new(UserErrorCode::WrongStatus, "The operation is over.").into());
        }
        let done = Model {
            state: if code.is_none() {
                OperationState::Succeeded
            } else {
                OperationState::Failed
            },
            result: code.is_none().then(|| json!(outcome)),
            code,
            message,
            finished_at: Some(now),
            ..found
        };
        Ok(done.into_active_model().reset_all().update(tx).await?)
    })
    .await?;
    Ok(SlackOperation::now(domain(ctx), row)?)
}

/// The query by which the bridge finds what is to be done.
#[derive(Default)]
pub(crate) struct SlackReportQuery;

#[Object]
impl SlackReportQuery {
    /// What was asked to be done in Slack and is not done yet, oldest first: for the Slack bridge alone. Without an organisation, everybody's.
    #[graphql(visible = "crate::viewer::shown_to_bridge")]
    async fn pending_slack_operations(&self, ctx: &Context<'_>) -> Result<Vec<SlackOperation>> {
        let within = ctx.data_unchecked::<Viewer>().may_ask_for_all()?;
        let mut pending = Entity::find()
            .filter(Column::State.eq(OperationState::Pending))
            .filter(Column::ExpiresAt.gt(domain(ctx).clock().now()))
            .order_by_asc(Column::CreatedAt)
            .limit(PENDING_MAX);
        if let Some(organization_id) = within {
            pending = pending.filter(Column::OrganizationId.eq(organization_id));
        }
        let rows = pending
            .all(domain(ctx).database().read())
            .await
            .map_err(Fault::from)?;
        let all: Vec<_> = rows
            .into_iter()
            .map(|row| SlackOperation::now(domain(ctx), row))
            .collect::<Result<_, _>>()?;
        Ok(all.into_iter().filter(|operation| !operation.is_over()).collect())
    }
}
