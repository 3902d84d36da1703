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
use tocsin_slack::envelope::Kind;

use crate::{
    acting::Acting,
    request::{Item, Outcome, Route, Worked},
};
pub(crate) use declaration::STEP;
use inputs::Executed;

/// What it takes to run the step.
#[derive(Debug)]
pub(crate) struct WorkflowSteps {
    pub(crate) acting: Acting,
    pub(crate) database: Database,
}

/// `function_executed`, for our function.
pub(crate) const ROUTE: Route<WorkflowSteps> = Route {
    kind: Kind::Event,
    name: "function_executed",
    wanted: |_, payload| Executed::of(payload).is_some(),
    work: |steps, item| executed(steps, item).boxed(),
};

/// What the workflow is told.
enum Told {
    Triggered(Value),
    /// In words that say what to do.
    Failed(String),
}

async fn executed(steps: &WorkflowSteps, item: &Item) -> Worked {
    let Some(executed) = Executed::of(&item.payload) else {
        return Ok(Outcome::NotOurs("ignored"));
    };
    let result = match trigger::trigger(steps, item, &executed.inputs).await {
        // It will not work later either, and the workflow must not wait for ever.
        Err(JobError::Fail(error)) => {
            tracing::error!("a workflow's incident cannot be triggered: {error}");
            Told::Failed(format!("Tocsin could not trigger the incident: {error}"))
        }
        result => result?,
    };
    complete::complete(item, &executed, &result).await?;
    complete::forget_token(&steps.database, item).await?;
    Ok(Outcome::Done(match result {
        Told::Triggered(_) => "triggered",
        Told::Failed(_) => "refused",
    }))
}
