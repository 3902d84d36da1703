//! The changes that people make from Slack, as mutations.

use time::OffsetDateTime;
use tocsin_entity::{
    id::{IncidentId, UserId},
    kinds::{IncidentStatus, Severity, Urgency},
};
use tocsin_queue::JobError;

use crate::{
    bridge::Parts,
    failure::of_api,
    graphql::{
        AcknowledgeIncident, AddComment, As, DateTime, Known, ReassignIncident, ReopenIncident,
        ResolveIncident, SetSlackSync, SnoozeIncident, UpdateIncident, acknowledge_incident, add_comment,
        reassign_incident, reopen_incident, resolve_incident, set_slack_sync, snooze_incident,
        update_incident,
    },
};

/// What a person asks to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Acknowledge,
    /// With what is to be remembered of it, in Markdown.
    Resolve {
        note: Option<String>,
    },
    Reopen,
    /// `external_ref` names the message that it was, as `slack:T…/C…/ts`: from there it comes once.
    Comment {
        markdown: String,
        external_ref: Option<String>,
    },
    /// In place of those before.
    Reassign {
        assignees: Vec<UserId>,
    },
    Snooze {
        until: OffsetDateTime,
    },
    /// What is none stays as it is.
    Update {
        urgency: Option<Urgency>,
        severity: Option<Severity>,
    },
    /// Whether Slack's thread and the timeline are to go separate ways.
    Mute(bool),
}

/// The incident after a change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Acted {
    pub(crate) number: i64,
    pub(crate) title: String,
    pub(crate) url: String,
    pub(crate) status: Known<IncidentStatus>,
    /// By id and name.
    pub(crate) acknowledged_by: Option<(String, String)>,
    /// By id and name.
    pub(crate) resolved_by: Option<(String, String)>,
}

/// What a mutation answered.
pub(super) enum Made {
    Done(Acted),
    Refused { code: String, message: String },
}

/// Each document has types of its own for the same answer.
macro_rules! made {
    ($answer:expr, $field:ident) => {{
        let payload = $answer.map_err(of_api)?.$field;
        match (payload.user_errors.into_iter().next(), payload.incident) {
            (Some(error), _) => Made::Refused {
                code: error.code,
                message: error.message,
            },
            (None, Some(incident)) => Made::Done(Acted {
                number: incident.number,
                title: incident.title,
                url: incident.url,
                status: incident.status,
                acknowledged_by: incident.acknowledged_by.map(|user| (user.id, user.name)),
                resolved_by: incident.resolved_by.map(|user| (user.id, user.name)),
            }),
            (None, None) => {
                return Err(JobError::retry(
                    "the API answered neither an incident nor an error",
                ));
            }
        }
    }};
}

/// Makes a change as `who`.
pub(super) async fn make(
    parts: &Parts,
    who: As<'_>,
    incident: IncidentId,
    change: &Change,
    key: String,
) -> Result<Made, JobError> {
    let (id, idempotency_key) = (incident.to_string(), Some(key));
    let api = &parts.api;
    Ok(match change {
        Change::Acknowledge => {
            let input = acknowledge_incident::AcknowledgeIncidentInput { id, idempotency_key };
            let variables = acknowledge_incident::Variables { input };
            made!(
                api.execute::<AcknowledgeIncident>(who, variables).await,
                acknowledge_incident
            )
        }
        Change::Resolve { note } => {
            let note_markdown = note.clone();
            let input = resolve_incident::ResolveIncidentInput {
                id,
                note_markdown,
                idempotency_key,
            };
            let variables = resolve_incident::Variables { input };
            made!(
                api.execute::<ResolveIncident>(who, variables).await,
                resolve_incident
            )
        }
        Change::Reopen => {
            let reason_markdown = None;
            let input = reopen_incident::ReopenIncidentInput {
                id,
                reason_markdown,
                idempotency_key,
            };
            let variables = reopen_incident::Variables { input };
            made!(
                api.execute::<ReopenIncident>(who, variables).await,
                reopen_incident
            )
        }
        Change::Comment {
            markdown,
            external_ref,
        } => {
            let input = add_comment::AddCommentInput {
                incident_id: id,
                body_markdown: markdown.clone(),
                external_ref: external_ref.clone(),
                slack_author: None,
                idempotency_key,
            };
            let variables = add_comment::Variables { input };
            made!(api.execute::<AddComment>(who, variables).await, add_comment)
        }
        Change::Reassign { assignees } => {
            let assignee_ids = assignees.iter().map(ToString::to_string).collect();
            let input = reassign_incident::ReassignIncidentInput {
                id,
                assignee_ids,
                idempotency_key,
            };
            let variables = reassign_incident::Variables { input };
            made!(
                api.execute::<ReassignIncident>(who, variables).await,
                reassign_incident
            )
        }
        Change::Snooze { until } => {
            let until = DateTime(*until);
            let input = snooze_incident::SnoozeIncidentInput {
                id,
                until,
                idempotency_key,
            };
            let variables = snooze_incident::Variables { input };
            made!(
                api.execute::<SnoozeIncident>(who, variables).await,
                snooze_incident
            )
        }
        Change::Update { urgency, severity } => {
            let input = update_incident::UpdateIncidentInput {
                id,
                title: None,
                description_markdown: None,
                urgency: urgency.map(Known::Value),
                severity: severity.map(Known::Value),
                tags: None,
                idempotency_key,
            };
            let variables = update_incident::Variables { input };
            made!(
                api.execute::<UpdateIncident>(who, variables).await,
                update_incident
            )
        }
        Change::Mute(muted) => {
            let input = set_slack_sync::SetSlackSyncInput {
                id,
                muted: Some(*muted),
                reply_mode: None,
                idempotency_key,
            };
            let variables = set_slack_sync::Variables { input };
            made!(api.execute::<SetSlackSync>(who, variables).await, set_slack_sync)
        }
    })
}
