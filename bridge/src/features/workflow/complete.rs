//! Tells Slack how an execution went.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde_json::{Value, json};
use time::Duration;
use tocsin_database::Database;
use tocsin_entity::slack::inbox;
use tocsin_queue::JobError;
use tocsin_slack::{
    error::SlackError,
    method::{FUNCTIONS_COMPLETE_ERROR, FUNCTIONS_COMPLETE_SUCCESS},
};
use tocsin_slack_client::{Slack, web_api::EmptyAnswer};

use super::{StepResult, inputs::FunctionExecution};
use crate::request::InboundRequest;
use crate::texts::workflow as texts;

/// How long a workflow's token lives.
const TOKEN_LIVES: Duration = Duration::minutes(15);

/// Longest error that is shown in the workflow's log.
const ERROR_MAX: usize = 1_000;

/// Tells Slack, with the workflow's own token while it lives, else with the bot's. What Slack knows already is told.
pub(super) async fn complete(
    item: &InboundRequest,
    executed: &FunctionExecution,
    told: &StepResult,
) -> Result<(), JobError> {
    let workspace = item.installation.workspace();
    let slack = &workspace.slack;
    let own = executed.token.clone().filter(|_| item.age() < TOKEN_LIVES);
    let outcome = match own {
        Some(token) => match tell(&slack.with_token(token), executed, told).await {
            Err(error) if is_of_token(&error) => {
                tracing::warn!("the workflow's own token does not complete it: {error}");
                tell(slack, executed, told).await
            }
            outcome => outcome,
        },
        None => tell(slack, executed, told).await,
    };
    match outcome {
        Ok(()) => Ok(()),
        Err(error) if error.code() == Some("execution_not_in_running_state") => Ok(()),
        Err(error @ SlackError::Refused { .. }) => Err(JobError::fail(error)),
        Err(error) => Err(workspace.failed(error)),
    }
}

/// Whether Slack refused the token, and may take another.
fn is_of_token(error: &SlackError) -> bool {
    matches!(error, SlackError::Broken { .. })
        || matches!(
            error.code(),
            Some("access_denied" | "not_allowed_token_type" | "missing_scope" | "no_permission")
        )
}

async fn tell(slack: &Slack, executed: &FunctionExecution, told: &StepResult) -> Result<(), SlackError> {
    let failed = match told {
        StepResult::Failed(why) => why.clone(),
        StepResult::Triggered(outputs) => match succeed(slack, executed, outputs).await {
            // The manifest promises other outputs than these: the workflow must not wait for ever.
            Err(error) if error.code() == Some("parameter_validation_failed") => {
                texts::wrong_outputs(outputs["incident_url"].as_str().unwrap_or_default())
            }
            outcome => return outcome,
        },
    };
    let error: String = failed.chars().take(ERROR_MAX).collect();
    let arguments = json!({"function_execution_id": executed.execution_id, "error": error});
    let _done: EmptyAnswer = slack.call(FUNCTIONS_COMPLETE_ERROR, &arguments).await?;
    Ok(())
}

async fn succeed(slack: &Slack, executed: &FunctionExecution, outputs: &Value) -> Result<(), SlackError> {
    let arguments = json!({"function_execution_id": executed.execution_id, "outputs": outputs});
    let _done: EmptyAnswer = slack.call(FUNCTIONS_COMPLETE_SUCCESS, &arguments).await?;
    Ok(())
}

/// The token was stored with the request; nobody needs it any more.
pub(super) async fn forget_token(database: &Database, item: &InboundRequest) -> Result<(), JobError> {
    let mut payload = item.payload.clone();
    if let Some(event) = payload.get_mut("event").and_then(Value::as_object_mut)
        && event.remove("bot_access_token").is_some()
    {
        inbox::Entity::update_many()
            .col_expr(inbox::Column::Payload, Expr::value(payload))
            .filter(inbox::Column::Id.eq(item.id))
            .exec(database.write())
            .await
            .map_err(JobError::retry)?;
    }
    Ok(())
}
