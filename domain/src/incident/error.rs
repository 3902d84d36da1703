//! Why an incident was not changed.

use tocsin_entity::{incident, kinds::IncidentStatus};

use crate::error::{InternalError, UserError, UserErrorCode, UserErrors};

/// Why an incident was not changed. Nothing was written.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum IncidentError {
    /// There is none with this id in the caller's organisation.
    #[error("There is no such {0} in your organisation.")]
    NotFound(&'static str),
    /// There is no such service in the caller's organisation.
    #[error("There is no such service in your organisation.")]
    UnknownService,
    /// Some of the assignees are no active members.
    #[error("There is no such user in your organisation.")]
    UnknownAssignees {
        /// The place of the first one in the list.
        first: usize,
        /// The places of the others.
        others: Vec<usize>,
    },
    /// Its state does not allow it.
    #[error("#{number} is {status} and cannot be {wanted}. Reopen it first.")]
    WrongStatus {
        /// The incident's number.
        number: i64,
        /// Where it stands.
        status: IncidentStatus,
        /// What was asked.
        wanted: &'static str,
    },
    /// Its service takes nothing new.
    #[error("The service {0} is archived. Name another one, or unarchive it.")]
    ServiceArchived(String),
    /// Somebody changed it since the caller has read it.
    #[error("#{number} was changed since: its version is {version} by now. Read it again.")]
    Changed {
        /// The incident's number.
        number: i64,
        /// Its version.
        version: i64,
    },
    /// It would be the second open one with its dedup key.
    #[error("#{number} has the same dedupKey as #{open}, which is open: work that one, or resolve it first.")]
    DedupKeyTaken {
        /// The incident's number.
        number: i64,
        /// The number of the one that is open.
        open: i64,
    },
    /// A value is out of its bounds.
    #[error("{message}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What to do.
        message: String,
    },
    /// It was said in Slack.
    #[error("This comment was made in Slack: edit the message there, and the comment follows.")]
    EditInSlack,
    /// What is said in Slack stays there.
    #[error("The sync of this incident with Slack is muted: what is said there is not on the timeline.")]
    SyncMuted,
    /// It is no longer there.
    #[error("This comment was retracted.")]
    Retracted,
    /// Somebody else said it.
    #[error("Only who made a comment may {0} it; an ADMIN may retract it.")]
    NotYours(&'static str),
    /// The idempotency key was used with another input.
    #[error(
        "This idempotency key was used in the last 24 hours with another input. Use a new key for a new request."
    )]
    IdempotencyKeyReused,
    /// Ours: try again.
    #[error(transparent)]
    Fault(#[from] InternalError),
}

impl IncidentError {
    pub(super) fn wrong_status(incident: &incident::Model, wanted: &'static str) -> Self {
        Self::WrongStatus {
            number: incident.number,
            status: incident.status,
            wanted,
        }
    }

    pub(super) fn invalid(field: &'static str, message: String) -> Self {
        Self::Invalid { field, message }
    }
}

impl TryFrom<IncidentError> for UserErrors {
    type Error = InternalError;

    fn try_from(error: IncidentError) -> Result<Self, InternalError> {
        let message = error.to_string();
        let told = |code| UserError::new(code, message);
        let told = match error {
            IncidentError::UnknownAssignees { first, others } => {
                let unknown = |place: usize| {
                    let part = ["assigneeIds".to_owned(), place.to_string()];
                    Self::from(UserError::not_found("user").under(&part))
                };
                let others = others.into_iter().map(unknown);
                return Ok(others.fold(unknown(first), Self::and));
            }
            IncidentError::UnknownService => told(UserErrorCode::NotFound).at("serviceId"),
            IncidentError::NotFound(_) => told(UserErrorCode::NotFound),
            IncidentError::WrongStatus { .. } => told(UserErrorCode::WrongStatus),
            IncidentError::ServiceArchived(_) => told(UserErrorCode::WrongStatus).at("serviceId"),
            IncidentError::Changed { .. } => told(UserErrorCode::Conflict).at("version"),
            IncidentError::DedupKeyTaken { .. } => told(UserErrorCode::AlreadyExists),
            IncidentError::Invalid { field, .. } => told(UserErrorCode::InvalidInput).at(field),
            IncidentError::EditInSlack => told(UserErrorCode::EditInSlack),
            IncidentError::SyncMuted => told(UserErrorCode::SyncMuted),
            IncidentError::Retracted => told(UserErrorCode::Retracted),
            IncidentError::NotYours(_) => told(UserErrorCode::Forbidden),
            IncidentError::IdempotencyKeyReused => {
                told(UserErrorCode::IdempotencyKeyReused).at("idempotencyKey")
            }
            IncidentError::Fault(fault) => return Err(fault),
        };
        Ok(told.into())
    }
}
