//! The step *Trigger incident* of Slack's Workflow Builder: a custom function that Slack has executed, and that says how it went.
//!
//! Sources: Slack, "`function_executed` event", "Custom steps", the references of `functions.completeSuccess` and `.completeError`.

mod complete;
mod declaration;
mod inputs;
mod trigger;

use futures::FutureExt;
use serde_json::Value;
use tocsin_database::Database;
use tocsin_queue::JobError;
use tocsin_slack::envelope::RequestKind;

use crate::{
    acting::ActionService,
    request::{InboundRequest, RequestOutcome, Route, WorkResult},
    texts::workflow as texts,
};
pub(crate) use declaration::STEP;
use inputs::FunctionExecution;

/// What it takes to run the step.
#[derive(Debug)]
pub(crate) struct WorkflowSteps {
    pub(crate) acting: ActionService,
    pub(crate) database: Database,
}

/// `function_executed`, for our function.
pub(crate) const ROUTE: Route<WorkflowSteps> = Route {
    kind: RequestKind::Event,
    name: "function_executed",
    wanted: |_, payload| FunctionExecution::of(payload).is_some(),
    work: |steps, item| executed(steps, item).boxed(),
};

/// What the workflow is told.
enum StepResult {
    Triggered(Value),
    /// In words that say what to do.
    Failed(String),
}

async fn executed(steps: &WorkflowSteps, item: &InboundRequest) -> WorkResult {
    let Some(executed) = FunctionExecution::of(&item.payload) else {
        return Ok(RequestOutcome::NotOurs("ignored"));
    };
    let result = match trigger::trigger(steps, item, &executed.inputs).await {
        // It will not work later either, and the workflow must not wait for ever.
        Err(JobError::Fail(error)) => {
            tracing::error!("a workflow's incident cannot be triggered: {error}");
            StepResult::Failed(texts::failed(&error.to_string()))
        }
        result => result?,
    };
    complete::complete(item, &executed, &result).await?;
    complete::forget_token(&steps.database, item).await?;
    Ok(RequestOutcome::Done(match result {
        StepResult::Triggered(_) => "triggered",
        StepResult::Failed(_) => "refused",
    }))
}
