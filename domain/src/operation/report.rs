//! What the bridge reads and writes of operations: what is still to be done, and what came of it.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect, sea_query::LockType,
};
use serde_json::json;
use tocsin_entity::{
    id::OperationId,
    kinds::OperationState,
    slack_operation::{Column, Entity, Model},
};

use super::{
    result::{ConnectionReport, CreatedChannel, IdentityFound, OperationResult, TestMessage},
    state::Operation,
};
use crate::{
    error::{MutationError, UserError, UserErrorCode},
    idempotency::{self, RequestKey},
    limits,
    request::Request,
    tenant::Tenant,
    viewer::Permission,
};

/// Longest code, and longest explanation, in characters.
const CODE_MAX: usize = 100;

const MESSAGE_MAX: usize = 2_000;

/// What came of an operation: a `code` with its `message`, or what was found.
#[derive(Debug)]
pub struct FinishSlackOperation {
    /// The operation's id.
    pub id: String,
    /// Why it failed; null where it succeeded.
    pub code: Option<String>,
    /// Why it failed, and what to do.
    pub message: Option<String>,
    /// How the workspace answered.
    pub connection: Option<ConnectionReport>,
    /// Where the test message is.
    pub test_message: Option<TestMessage>,
    /// Who the member is.
    pub identity: Option<IdentityFound>,
    /// How many channels the bot sees.
    pub channel_count: Option<i32>,
    /// The channel that was created.
    pub channel: Option<CreatedChannel>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Records what came of an operation. The first report counts.
pub async fn finish(request: &Request<'_>, input: FinishSlackOperation) -> Result<Operation, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Report)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
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
    let outcome = OperationResult {
        connection: input.connection,
        test_message: input.test_message,
        identity: input.identity,
        channel_count: input.channel_count,
        channel: input.channel,
    };
    let id_of = |row: &Model| row.id;
    let row = idempotency::once(
        request,
        organization_id,
        key,
        "Slack operation",
        id_of,
        async |tx| {
            let found = Tenant::of(organization_id)
                .find::<Entity>()
                .filter(Column::Id.eq(id))
                .lock(LockType::Update)
                .one(tx)
                .await?;
            let found = found.ok_or_else(unknown)?;
            let now = request.domain.clock().now();
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
        },
    )
    .await?;
    Ok(Operation::now(request.domain, row)?)
}
