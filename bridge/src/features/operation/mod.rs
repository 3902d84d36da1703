//! What administrators ask to be done in Slack, and wait for: read from the API, done, and reported there.
//!
//! A job rings for each, and what was not rung for is found by looking from time to time, and worked here if ringing does not help. Each may be done twice, by two workers or after a crash:
//! those that only read are repeated, a test message is on record before it is sent ([`message`]), and of a channel it is looked whether it is there
//! ([`create`]). The API takes the first report.

mod connection;
mod create;
mod identity;
mod message;

use std::{collections::HashSet, sync::Arc, time::Duration};

use sea_orm::DbErr;
use tocsin_client::{ApiClient, ApiError, Known, OperationFailure, OperationOutcome, SlackOperation};
use tocsin_entity::{id::OperationId, kinds::OperationKind, slack::connector::WORKSPACE_UNUSABLE};
use tocsin_queue::{JobError, Queue, jobs::RunSlackOperation};
use tocsin_slack::error::SlackError;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    directory::{self, Directory},
    failure::of_api,
    mirror::deliver::DeliveryService,
    polling::{FailureLog, ends_within},
    texts::operations as texts,
    workspace::{Bot, Workspace},
    workspace_sync::WorkspaceSync,
};

/// How often is looked for what nobody rang for.
const LOOK: Duration = Duration::from_secs(3);

/// How often is looked while the queue fails.
const LOOK_WITHOUT_QUEUE: Duration = Duration::from_secs(1);

/// How soon it is tried again where something of ours failed.
const AGAIN: Duration = Duration::from_secs(2);

/// Longest explanation, in characters: what the API takes.
const MESSAGE_MAX: usize = 2_000;

/// What it takes to do what administrators ask for. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Operations {
    pub(crate) api: ApiClient,
    pub(crate) delivery: DeliveryService,
    pub(crate) directory: Directory,
    /// The base of the addresses in test messages.
    pub(crate) public_url: Url,
    pub(crate) queue: Queue,
    pub(crate) workspace_sync: WorkspaceSync,
}

/// Why an operation is not done yet.
#[derive(Debug)]
enum Stop {
    /// It can't be done.
    Failed(OperationFailure),
    /// It may be done after so long; if that is too late, this is why not.
    Later(Duration, OperationFailure),
}

impl Stop {
    fn failed(code: &str, message: impl Into<String>) -> Self {
        Self::Failed(reason(code, message))
    }

    fn later(pause: Duration, code: &str, message: impl Into<String>) -> Self {
        Self::Later(pause, reason(code, message))
    }

    /// What a call means that failed and may be repeated. Slack that says nothing is told at once: that is what was asked.
    fn of_call(error: &SlackError) -> Self {
        match error {
            SlackError::RateLimited { retry_after, .. } => {
                let message = texts::SLACK_FULL;
                Self::later(*retry_after, "rate_limited", message)
            }
            SlackError::NotSent { .. } | SlackError::Unknown { .. } => {
                Self::failed("unreachable", texts::unreachable(&error.to_string()))
            }
            SlackError::Broken { code, .. } => Self::failed(code, texts::broken(code)),
            SlackError::Refused { .. } => Self::failed(
                error.code().unwrap_or(error.class()),
                texts::refused(&error.to_string()),
            ),
        }
    }
}

impl From<ApiError> for Stop {
    fn from(error: ApiError) -> Self {
        tracing::warn!("a Slack operation waits for the API: {error}");
        Self::later(AGAIN, "unavailable", texts::API_DOWN)
    }
}

impl From<DbErr> for Stop {
    fn from(error: DbErr) -> Self {
        tracing::error!("a Slack operation waits for the database: {error}");
        Self::later(AGAIN, "unavailable", texts::DATABASE_DOWN)
    }
}

fn reason(code: &str, message: impl Into<String>) -> OperationFailure {
    let message: String = message.into();
    OperationFailure {
        code: code.to_owned(),
        message: message.chars().take(MESSAGE_MAX).collect(),
    }
}

/// Handles the job.
pub(crate) async fn work(operations: &Operations, job: RunSlackOperation) -> Result<(), JobError> {
    let id: OperationId = job.operation_id.parse().map_err(JobError::fail)?;
    let found = operations.api.find_operation(id).await.map_err(of_api)?;
    let Some(operation) = found.filter(|operation| operation.is_pending) else {
        return Ok(());
    };
    let came = match run(operations, &operation).await {
        Ok(found) => Ok(found),
        Err(Stop::Failed(reason)) => Err(reason),
        Err(Stop::Later(pause, reason)) => {
            if operations.delivery.clock.now() + pause < operation.expires_at {
                return Err(JobError::retry_after(pause, reason.message));
            }
            Err(reason)
        }
    };
    match &came {
        Ok(_) => tracing::info!(operation.id = %id, "{} is done", operation.kind),
        Err(reason) => {
            tracing::warn!(operation.id = %id, code = reason.code, "{} can't be done: {}", operation.kind, reason.message);
        }
    }
    operations
        .api
        .finish_operation(&operation, came)
        .await
        .map_err(of_api)
}

async fn run(operations: &Operations, operation: &SlackOperation) -> Result<OperationOutcome, Stop> {
    let kind = match &operation.kind {
        Known::Value(kind) => kind,
        Known::Other(name) => {
            let message = texts::unknown_kind(name);
            return Err(Stop::failed("unknown_kind", message));
        }
    };
    match kind {
        OperationKind::TestConnection => connection::test(operations, operation).await,
        OperationKind::TestMessage => message::send(operations, operation).await,
        OperationKind::TestIdentity => identity::find(operations, operation).await,
        OperationKind::RefreshChannels => {
            let bot = bot(operations, operation).await?;
            let read = operations
                .directory
                .read_all(&bot.workspace, &bot.installation)
                .await;
            read.map(OperationOutcome::Channels).map_err(|error| match error {
                directory::ReadError::Slack(error) => Stop::of_call(&error),
                directory::ReadError::Database(error)
                | directory::ReadError::Follow(directory::FollowError::Database(error)) => error.into(),
                directory::ReadError::Follow(directory::FollowError::Api(error)) => error.into(),
            })
        }
        OperationKind::CreateChannel => create::create(operations, operation).await,
    }
}

/// The workspace that it is about, which may have been connected a moment ago.
async fn workspace_of(operations: &Operations, operation: &SlackOperation) -> Result<Arc<Workspace>, Stop> {
    operations.workspace_sync.look_for(operation.workspace).await?;
    Ok(operations.delivery.workspaces.get(operation.workspace))
}

/// The bot there, or why no call can be made.
async fn bot(operations: &Operations, operation: &SlackOperation) -> Result<Bot, Stop> {
    workspace_of(operations, operation).await?;
    let reachable = operations
        .delivery
        .workspaces
        .reachable([operation.workspace])
        .await;
    match reachable.bot(operation.workspace) {
        Ok(bot) => Ok(bot.clone()),
        Err(trouble) if reachable.is_broken(operation.workspace) => {
            Err(Stop::failed(WORKSPACE_UNUSABLE, trouble))
        }
        Err(trouble) => Err(Stop::failed("unreachable", trouble)),
    }
}

/// Rings for what is still to be done, until the shutdown: jobs may be lost.
pub(crate) async fn look(operations: &Operations, shutdown: CancellationToken) {
    let mut seen = HashSet::new();
    let mut failures = FailureLog::new("Slack operations can't be looked for");
    loop {
        failures.note(&ring(operations, &mut seen).await);
        let pause = if operations.queue.works() {
            LOOK
        } else {
            LOOK_WITHOUT_QUEUE
        };
        if ends_within(&shutdown, pause).await {
            return;
        }
    }
}

/// Rings for what is pending. What was seen before, and is pending still, is worked here.
async fn ring(operations: &Operations, seen: &mut HashSet<OperationId>) -> Result<(), ApiError> {
    let pending: HashSet<OperationId> = operations.api.pending_operations().await?.into_iter().collect();
    for id in &pending {
        let job = RunSlackOperation {
            operation_id: id.to_string(),
        };
        if seen.contains(id) {
            operations.queue.run_here(&job);
        } else {
            operations.queue.enqueue(&job);
        }
    }
    *seen = pending;
    Ok(())
}
