//! Mutations of several incidents at once.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use tocsin_domain::{
    error::MutationError,
    incident::{self, AcknowledgeIncidents, BulkOutcome, ReassignIncidents, ResolveIncidents},
};

use super::types::Incident;
use crate::graphql::{
    context::{given_key, request, texts},
    failure::{Result, UserError, into_payload},
    timeline::TimelineEntry,
};

/// The incidents to acknowledge.
#[derive(Debug, InputObject)]
pub(crate) struct AcknowledgeIncidentsInput {
    /// The ids of the incidents; from 1 to 100. An id that you give twice counts once.
    ids: Vec<ID>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

/// The incidents to resolve, with an optional note.
#[derive(Debug, InputObject)]
pub(crate) struct ResolveIncidentsInput {
    /// The ids of the incidents; from 1 to 100. An id that you give twice counts once.
    ids: Vec<ID>,
    /// The resolution note for each of the incidents: what was done, in Markdown; at most 200,000 characters. No note by default.
    note_markdown: Option<String>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

/// The incidents to reassign, and the new assignees.
#[derive(Debug, InputObject)]
pub(crate) struct ReassignIncidentsInput {
    /// The ids of the incidents; from 1 to 100. An id that you give twice counts once.
    ids: Vec<ID>,
    /// The ids of the users who replace all assignees of the incidents; at most 50. An empty list assigns the incidents to nobody.
    assignee_ids: Vec<ID>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

/// The result of a change for a single incident of several.
#[derive(SimpleObject)]
pub(crate) struct IncidentResult {
    /// The id of the incident, as you gave it.
    incident_id: ID,
    /// The timeline entry of the change; null if nothing changed.
    entry: Option<TimelineEntry>,
    /// The incident after the change; null if the change was refused.
    incident: Option<Incident>,
    /// Why this incident wasn't changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The result of a change of several incidents. The server changes or refuses each incident separately.
#[derive(SimpleObject)]
pub(crate) struct IncidentsPayload {
    /// The result for each incident, in the order of the ids; null if the request was refused as a whole.
    results: Option<Vec<IncidentResult>>,
    /// Why the request was refused as a whole; empty if the server looked at each incident. The result of an incident says why that incident wasn't
    /// changed.
    user_errors: Vec<UserError>,
}

fn result(outcome: BulkOutcome) -> Result<IncidentResult> {
    let (applied, user_errors) = into_payload(outcome.result)?;
    let (entry, incident) = applied.map_or((None, None), |applied| {
        (
            applied.entry.map(|entry| TimelineEntry(Arc::new(entry))),
            Some(Incident(Arc::new(applied.incident))),
        )
    });
    Ok(IncidentResult {
        incident_id: ID(outcome.id),
        entry,
        incident,
        user_errors,
    })
}

fn payload(outcomes: Result<Vec<BulkOutcome>, MutationError>) -> Result<IncidentsPayload> {
    let (outcomes, user_errors) = into_payload(outcomes)?;
    let results = outcomes.map(|outcomes| outcomes.into_iter().map(result).collect());
    Ok(IncidentsPayload {
        results: results.transpose()?,
        user_errors,
    })
}

/// The mutations of several incidents.
#[derive(Default)]
pub(crate) struct BulkIncidentMutation;

#[Object]
impl BulkIncidentMutation {
    /// Acknowledges several incidents. The server acknowledges or refuses each incident separately.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn acknowledge_incidents(
        &self,
        ctx: &Context<'_>,
        input: AcknowledgeIncidentsInput,
    ) -> Result<IncidentsPayload> {
        let wanted = AcknowledgeIncidents {
            ids: texts(input.ids),
            idempotency_key: given_key(ctx, input.idempotency_key)?,
        };
        payload(incident::acknowledge_all(&request(ctx), wanted).await)
    }

    /// Resolves several incidents. The server resolves or refuses each incident separately.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn resolve_incidents(
        &self,
        ctx: &Context<'_>,
        input: ResolveIncidentsInput,
    ) -> Result<IncidentsPayload> {
        let wanted = ResolveIncidents {
            ids: texts(input.ids),
            note_markdown: input.note_markdown,
            idempotency_key: given_key(ctx, input.idempotency_key)?,
        };
        payload(incident::resolve_all(&request(ctx), wanted).await)
    }

    /// Replaces the assignees of several incidents. The server reassigns or refuses each incident separately.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn reassign_incidents(
        &self,
        ctx: &Context<'_>,
        input: ReassignIncidentsInput,
    ) -> Result<IncidentsPayload> {
        let wanted = ReassignIncidents {
            ids: texts(input.ids),
            assignee_ids: texts(input.assignee_ids),
            idempotency_key: given_key(ctx, input.idempotency_key)?,
        };
        payload(incident::reassign_all(&request(ctx), wanted).await)
    }
}
