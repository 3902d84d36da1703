//! Reopening: it is not over after all.

use futures::{FutureExt, future::BoxFuture};
use tocsin_client::{
    ApiClient, As,
    documents::{ReopenIncident, reopen_incident},
};
use tocsin_entity::id::IncidentId;
use tocsin_queue::JobError;

use super::incident_action::{ActionTrigger, IncidentAction};
use crate::acting::{ActionMutation, MutationAnswer, mutate};

/// Reopens.
pub(crate) const REOPEN: IncidentAction = IncidentAction {
    verb: "reopen",
    triggers: &[ActionTrigger::button("reopen", |_| Box::new(Reopen))],
    dialog: None,
    typed: None,
};

#[derive(Debug)]
struct Reopen;

impl ActionMutation for Reopen {
    fn make<'a>(
        &'a self,
        api: &'a ApiClient,
        who: As<'a>,
        incident: IncidentId,
        key: String,
    ) -> BoxFuture<'a, Result<MutationAnswer, JobError>> {
        async move {
            mutate!(
                api,
                who,
                ReopenIncident,
                reopen_incident,
                ReopenIncidentInput {
                    id: incident.to_string(),
                    reason_markdown: None,
                    idempotency_key: Some(key),
                }
            )
        }
        .boxed()
    }
}
