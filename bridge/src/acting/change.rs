//! The changes that people make from Slack, as mutations.

use time::OffsetDateTime;
use tocsin_entity::{
    id::{IncidentId, UserId},
    kinds::{IncidentStatus, Severity, Urgency},
};
use tocsin_queue::JobError;
use tocsin_slack::timestamp;

use crate::{
    failure::of_api,
    graphql::{
        AcknowledgeIncident, AddComment, As, DateTime, Known, ReassignIncident, ReopenIncident,
        ResolveIncident, SetSlackSync, SnoozeIncident, UpdateIncident, acknowledge_incident, add_comment,
        reassign_incident, reopen_incident, resolve_incident, set_slack_sync, snooze_incident,
        update_incident,
    },
    parts::Parts,
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

/// Executes a mutation. Each document has types of its own for the same input and the same answer.
macro_rules! mutate {
    ($parts:expr, $who:expr, $Document:ident, $module:ident, $Input:ident { $($fields:tt)* }) => {{
        let input = $module::$Input { $($fields)* };
        let answer = $parts.api.execute::<$Document>($who, $module::Variables { input }).await;
        let payload = answer.map_err(of_api)?.$module;
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
                return Err(JobError::retry("the API answered neither an incident nor an error"));
            }
        }
    }};
}

/// When a comment was said that was a message, by its reference `slack:T…/C…/ts`.
fn said_at(external_ref: &str) -> Option<OffsetDateTime> {
    timestamp::said_at(external_ref.rsplit('/').next()?)
}

/// Makes a change as `who`.
#[expect(clippy::too_many_lines, reason = "one arm for each change, and nothing else")]
pub(super) async fn make(
    parts: &Parts,
    who: As<'_>,
    incident: IncidentId,
    change: &Change,
    key: String,
) -> Result<Made, JobError> {
    let (id, key) = (incident.to_string(), Some(key));
    Ok(match change {
        Change::Acknowledge => mutate!(
            parts,
            who,
            AcknowledgeIncident,
            acknowledge_incident,
            AcknowledgeIncidentInput {
                id,
                idempotency_key: key
            }
        ),
        Change::Resolve { note } => mutate!(
            parts,
            who,
            ResolveIncident,
            resolve_incident,
            ResolveIncidentInput {
                id,
                note_markdown: note.clone(),
                idempotency_key: key
            }
        ),
        Change::Reopen => mutate!(
            parts,
            who,
            ReopenIncident,
            reopen_incident,
            ReopenIncidentInput {
                id,
                reason_markdown: None,
                idempotency_key: key
            }
        ),
        Change::Comment {
            markdown,
            external_ref,
        } => mutate!(
            parts,
            who,
            AddComment,
            add_comment,
            AddCommentInput {
                incident_id: id,
                body_markdown: markdown.clone(),
                external_ref: external_ref.clone(),
                slack_author: None,
                said_at: external_ref.as_deref().and_then(said_at).map(DateTime),
                connector_id: None,
                idempotency_key: key,
            }
        ),
        Change::Reassign { assignees } => {
            let assignees = assignees.iter().map(ToString::to_string).collect();
            mutate!(
                parts,
                who,
                ReassignIncident,
                reassign_incident,
                ReassignIncidentInput {
                    id,
                    assignee_ids: assignees,
                    idempotency_key: key
                }
            )
        }
        Change::Snooze { until } => mutate!(
            parts,
            who,
            SnoozeIncident,
            snooze_incident,
            SnoozeIncidentInput {
                id,
                until: DateTime(*until),
                idempotency_key: key
            }
        ),
        Change::Update { urgency, severity } => mutate!(
            parts,
            who,
            UpdateIncident,
            update_incident,
            UpdateIncidentInput {
                id,
                title: None,
                description_markdown: None,
                urgency: urgency.map(Known::Value),
                severity: severity.map(Known::Value),
                tags: None,
                idempotency_key: key,
            }
        ),
        Change::Mute(muted) => mutate!(
            parts,
            who,
            SetSlackSync,
            set_slack_sync,
            SetSlackSyncInput {
                id,
                muted: Some(*muted),
                reply_mode: None,
                idempotency_key: key
            }
        ),
    })
}
