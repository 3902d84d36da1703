//! Reopening: it is not over after all.

use tocsin_client::documents::{ReopenIncident, reopen_incident};

use super::incident_action::{ActionTrigger, IncidentAction};
use crate::acting::{ActionMutation, mutation};

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
    mutation!(self, incident, key: ReopenIncident, reopen_incident, ReopenIncidentInput {
        id: incident.to_string(),
        reason_markdown: None,
        idempotency_key: Some(key),
    });
}
