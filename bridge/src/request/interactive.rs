//! What must be said in the answer itself: options of a menu, the reply to a command, what a dialog does next.
//!
//! Whoever waits does so for 3 s. So a prompt reads, opens and checks; what changes something is stored first, and worked after.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tocsin_queue::JobError;
use tocsin_slack::envelope::RequestKind;

use crate::installation::AppInstallation;

/// A kind of request, and how it is answered with the services `S`.
pub(crate) struct InteractiveRoute<S: 'static> {
    pub(crate) kind: RequestKind,
    /// The type that Slack gives it, such as `view_submission` or `block_suggestion`.
    pub(crate) name: &'static str,
    /// Whether it is this prompt's, judged by the request alone.
    pub(crate) wanted: fn(&S, &Value) -> bool,
    pub(crate) answer:
        for<'a> fn(&'a S, &'a InteractiveRequest) -> BoxFuture<'a, Result<InteractiveOutcome, JobError>>,
    /// What is answered when that failed, or took too long for Slack.
    pub(crate) otherwise: fn(&S, &Value) -> SlackAnswer,
}

/// Answers a kind of request. Whoever takes requests in knows no more of it.
pub(crate) trait Responder: Send + Sync {
    fn kind(&self) -> RequestKind;

    fn name(&self) -> &'static str;

    fn wants(&self, payload: &Value) -> bool;

    fn answer<'a>(
        &'a self,
        interaction: &'a InteractiveRequest,
    ) -> BoxFuture<'a, Result<InteractiveOutcome, JobError>>;

    /// What is answered when that failed, or took too long for Slack.
    fn otherwise(&self, payload: &Value) -> SlackAnswer;
}

/// A prompt with its services.
pub(super) struct BoundInteractiveRoute<S: 'static> {
    pub(super) services: Arc<S>,
    pub(super) prompt: &'static InteractiveRoute<S>,
}

impl<S: Send + Sync> Responder for BoundInteractiveRoute<S> {
    fn kind(&self) -> RequestKind {
        self.prompt.kind
    }

    fn name(&self) -> &'static str {
        self.prompt.name
    }

    fn wants(&self, payload: &Value) -> bool {
        (self.prompt.wanted)(&self.services, payload)
    }

    fn answer<'a>(
        &'a self,
        interaction: &'a InteractiveRequest,
    ) -> BoxFuture<'a, Result<InteractiveOutcome, JobError>> {
        (self.prompt.answer)(&self.services, interaction)
    }

    fn otherwise(&self, payload: &Value) -> SlackAnswer {
        (self.prompt.otherwise)(&self.services, payload)
    }
}

/// A request that waits for its answer.
#[derive(Debug, Clone)]
pub(crate) struct InteractiveRequest {
    pub(crate) payload: Value,
    /// For which it came, and where alone it may do anything.
    pub(crate) installation: AppInstallation,
    pub(crate) request_id: String,
    /// When it came.
    pub(crate) received_at: OffsetDateTime,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum InteractiveOutcome {
    /// All is done; what it is counted as.
    Done(&'static str, SlackAnswer),
    /// There is something to do: it goes into the inbox before this is answered, and a route of the same kind works it.
    Store(SlackAnswer),
}

/// What Slack is answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SlackAnswer {
    /// Nothing but the acknowledgement. The body stays empty: any text would close or change a dialog.
    Empty,
    /// A message for a command, options for a menu, a `response_action` for a dialog.
    Json(Value),
}

impl SlackAnswer {
    /// Words that only the person who gave a command sees, as mrkdwn.
    pub(crate) fn ephemeral(text: &str) -> Self {
        Self::Json(json!({"response_type": "ephemeral", "text": text}))
    }

    /// No options at all.
    pub(crate) fn no_options() -> Self {
        Self::Json(json!({"options": []}))
    }

    /// What is wrong with a dialog's input, by the `block_id` of the input.
    pub(crate) fn errors(errors: impl IntoIterator<Item = (String, String)>) -> Self {
        let errors: serde_json::Map<String, Value> = errors
            .into_iter()
            .map(|(block_id, text)| (block_id, Value::String(text)))
            .collect();
        Self::Json(json!({"response_action": "errors", "errors": errors}))
    }
}
