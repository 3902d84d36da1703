//! Why an incident was not changed.

use tocsin_entity::{incident, kinds::IncidentStatus};

use crate::error::{InternalError, UserError, UserErrorCode};

/// Why an incident was not changed. Nothing was written.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum IncidentError {
    /// There is none with this id in the caller's organisation.
    #[error("There is no such {0} in your organisation.")]
    NotFound(&'static str),
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

impl TryFrom<IncidentError> for UserError {
    type Error = InternalError;

    fn try_from(error: IncidentError) -> Result<Self, InternalError> {
        let message = error.to_string();
        Ok(match error {
            IncidentError::NotFound(_) => Self::new(UserErrorCode::NotFound, message),
            IncidentError::WrongStatus { .. } => Self::new(UserErrorCode::WrongStatus, message),
            IncidentError::DedupKeyTaken { .. } => Self::new(UserErrorCode::AlreadyExists, message),
            IncidentError::Invalid { field, .. } => Self::new(UserErrorCode::InvalidInput, message).at(field),
            IncidentError::EditInSlack => Self::new(UserErrorCode::EditInSlack, message),
            IncidentError::SyncMuted => Self::new(UserErrorCode::SyncMuted, message),
            IncidentError::Retracted => Self::new(UserErrorCode::Retracted, message),
            IncidentError::NotYours(_) => Self::new(UserErrorCode::Forbidden, message),
            IncidentError::IdempotencyKeyReused => {
                Self::new(UserErrorCode::IdempotencyKeyReused, message).at("idempotencyKey")
            }
            IncidentError::Fault(fault) => return Err(fault),
        })
    }
}
