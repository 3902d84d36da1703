//! What can go wrong.
//!
//! A use case that changes something refuses with [`MutationError`]: an expected failure is a [`UserError`], and a broken request or a fault of ours
//! is a [`RequestError`], which is also what reads refuse with. How callers hear of it is for the faces to decide.

use std::sync::Arc;

use sea_orm::{DbErr, SqlErr};
use tocsin_database::DatabaseFault;

/// What kind of failure a user error tells of. Stable: programs may rely on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserErrorCode {
    /// There is no such object, or it belongs to another organisation.
    NotFound,
    /// The caller's role or key does not allow it.
    Forbidden,
    /// A value is out of its bounds.
    InvalidInput,
    /// The object is not in a state that allows it.
    WrongStatus,
    /// Another object has the same name or address.
    AlreadyExists,
    /// The channel is another organisation's in that Slack workspace.
    ChannelTaken,
    /// The idempotency key was used before, with another input.
    IdempotencyKeyReused,
    /// Somebody else changed the object first: read it again.
    Conflict,
    /// The server has no key to seal secrets with.
    SecretKeyMissing,
    /// The server's environment sets it, and no mutation can.
    SetByEnvironment,
    /// There is no Slack app that could do it: none is configured, or it lacks its secrets.
    SlackNotConfigured,
    /// The comment was made in Slack, and is edited there.
    EditInSlack,
    /// The comment was retracted.
    Retracted,
    /// The incident's sync with Slack is muted: what is said there is no comment.
    SyncMuted,
    /// The connector has no two-way sync: what is said in its channel is no comment.
    SyncOff,
    /// The organisation takes no comments of people in Slack who are not matched with a member.
    UnmatchedRefused,
}

/// An expected failure: nothing was changed.
#[derive(Debug, Clone)]
pub struct UserError {
    /// What kind of failure it is. Stable.
    pub code: UserErrorCode,
    /// What a person can do about it.
    pub message: String,
    /// The path of the input field that is wrong, where one is.
    pub field: Option<Vec<String>>,
}

impl UserError {
    /// An error about no field in particular.
    pub fn new(code: UserErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
        }
    }

    /// There is no such object for the caller.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            UserErrorCode::NotFound,
            format!("There is no such {what} in your organisation."),
        )
    }

    /// A value is out of its bounds.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::new(UserErrorCode::InvalidInput, message).at(field)
    }

    /// Another object of the kind is called so.
    fn name_taken(what: &str) -> Self {
        let message = format!("A {what} with this name is there already.");
        Self::new(UserErrorCode::AlreadyExists, message).at("name")
    }

    /// The same, about a field of the input.
    #[must_use]
    pub fn at(mut self, field: &str) -> Self {
        self.field = Some(vec!["input".to_owned(), field.to_owned()]);
        self
    }

    /// The same, about what is within a part of the input: `["tags", "1"]` for the second tag.
    #[must_use]
    pub(crate) fn under(mut self, part: &[String]) -> Self {
        let within = self.field.take().unwrap_or_default().into_iter().skip(1);
        let path = std::iter::once("input".to_owned()).chain(part.iter().cloned());
        self.field = Some(path.chain(within).collect());
        self
    }
}

/// Expected failures: all that is wrong with an input, at least one. Nothing was changed.
#[derive(Debug, Clone)]
pub struct UserErrors {
    first: UserError,
    others: Vec<UserError>,
}

impl UserErrors {
    /// The first one.
    pub fn first(&self) -> &UserError {
        &self.first
    }

    /// These and more.
    #[must_use]
    pub(crate) fn and(mut self, more: Self) -> Self {
        self.others.extend(more);
        self
    }

    /// The same, about what is within a part of the input.
    #[must_use]
    pub(crate) fn under(self, part: &[String]) -> Self {
        let others = self.others.into_iter();
        Self {
            first: self.first.under(part),
            others: others.map(|error| error.under(part)).collect(),
        }
    }
}

impl From<UserError> for UserErrors {
    fn from(error: UserError) -> Self {
        Self {
            first: error,
            others: Vec::new(),
        }
    }
}

impl IntoIterator for UserErrors {
    type Item = UserError;
    type IntoIter = std::iter::Chain<std::iter::Once<UserError>, std::vec::IntoIter<UserError>>;

    fn into_iter(self) -> Self::IntoIter {
        std::iter::once(self.first).chain(self.others)
    }
}

/// A fault of ours or of what we stand on. The caller is told to try again; the cause is logged where it is converted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum InternalError {
    /// The database failed.
    #[error("{}", DatabaseFault::explain("the database", .0))]
    Database(Arc<DbErr>),
    /// The database failed while it committed: nobody knows whether the change is made.
    #[error("{}, at the commit", DatabaseFault::explain("the database", .0))]
    Unsure(Arc<DbErr>),
    /// The process is ending, or overloaded.
    #[error("{0}")]
    Unavailable(&'static str),
    /// What is stored can't be read: a bug.
    #[error("{0}")]
    Broken(String),
}

impl InternalError {
    /// A commit whose answer never came.
    pub fn unsure(error: DbErr) -> Self {
        Self::Unsure(Arc::new(error))
    }
}

impl From<DbErr> for InternalError {
    fn from(error: DbErr) -> Self {
        Self::Database(Arc::new(error))
    }
}

/// Why a query is refused: a top-level error.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RequestError {
    /// No key, or none that is valid.
    #[error(
        "This needs to be asked by somebody known: sign in, or send an API key (`Authorization: Bearer <key>`)."
    )]
    Unauthenticated,
    /// The key or role does not allow it.
    #[error("{0}")]
    Forbidden(String),
    /// An argument is wrong.
    #[error("{0}")]
    BadInput(String),
    /// Ours.
    #[error(transparent)]
    Fault(#[from] InternalError),
}

impl From<DbErr> for RequestError {
    fn from(error: DbErr) -> Self {
        Self::Fault(error.into())
    }
}

/// Why a mutation changed nothing.
#[derive(Debug)]
pub enum MutationError {
    /// The caller is told in the payload.
    Told(UserErrors),
    /// The request is broken, or we are.
    Refused(RequestError),
}

impl MutationError {
    /// What a failed write means where names are unique in the organisation.
    pub fn or_name_taken(what: &'static str) -> impl FnOnce(DbErr) -> Self {
        move |error| match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => UserError::name_taken(what).into(),
            _ => error.into(),
        }
    }
}

impl From<UserError> for MutationError {
    fn from(error: UserError) -> Self {
        Self::Told(error.into())
    }
}

impl From<UserErrors> for MutationError {
    fn from(errors: UserErrors) -> Self {
        Self::Told(errors)
    }
}

impl From<RequestError> for MutationError {
    fn from(refusal: RequestError) -> Self {
        Self::Refused(refusal)
    }
}

impl From<InternalError> for MutationError {
    fn from(fault: InternalError) -> Self {
        Self::Refused(fault.into())
    }
}

impl From<DbErr> for MutationError {
    fn from(error: DbErr) -> Self {
        InternalError::from(error).into()
    }
}
