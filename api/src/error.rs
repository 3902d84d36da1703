//! What can go wrong, and how a caller hears of it.
//!
//! Expected failures are [`UserError`]s in a payload; a broken request or a fault of ours is a top-level error with
//! `extensions.code`. With async-graphql's feature `custom-error-conversion` nothing else converts.

use std::sync::Arc;

use async_graphql::{Enum, ErrorExtensions, SimpleObject};
use sea_orm::{DbErr, SqlErr};
use tocsin_entity::database::DatabaseFault;

/// What kind of failure a user error tells of. Stable: programs may rely on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
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
#[derive(Debug, Clone, SimpleObject)]
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
}

/// A fault of ours or of what we stand on. The caller is told to try again; the cause is logged where it is converted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Fault {
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

impl Fault {
    /// A commit whose answer never came.
    pub(crate) fn unsure(error: DbErr) -> Self {
        Self::Unsure(Arc::new(error))
    }
}

impl From<DbErr> for Fault {
    fn from(error: DbErr) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl From<Fault> for async_graphql::Error {
    fn from(fault: Fault) -> Self {
        explain(&fault, Effect::Unknown)
    }
}

/// What whoever reads the error must know of the change that they asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// It was not made.
    None,
    /// It may have been made before: the fault came when the answer was read.
    Unknown,
}

/// The fault for whoever asked: a code for programs, and for people what is wrong and who can help. The cause is logged.
fn explain(fault: &Fault, effect: Effect) -> async_graphql::Error {
    tracing::error!("a request failed: {fault}");
    let then = match effect {
        Effect::None => "Nothing was changed: try again.",
        Effect::Unknown => "Try again.",
    };
    let (code, message) = match fault {
        Fault::Database(error) => return unavailable(DatabaseFault::of(error), then),
        Fault::Unavailable(_) => ("UNAVAILABLE", format!("Tocsin can't do this just now. {then}")),
        Fault::Unsure(error) => return unsure(DatabaseFault::of(error)),
        Fault::Broken(_) => (
            "INTERNAL",
            "Something in Tocsin is broken; the server's log says what, under this request id.".to_owned(),
        ),
    };
    async_graphql::Error::new(message).extend_with(|_, extensions| extensions.set("code", code))
}

/// A request that the database could not serve.
fn unavailable(fault: DatabaseFault, then: &str) -> async_graphql::Error {
    let message = if matches!(fault, DatabaseFault::Other) {
        format!("Tocsin can't do this just now. {then}")
    } else {
        format!(
            "Tocsin can't do this just now: its database {}. {then} Whoever runs the server: {}.",
            fault.cause(),
            fault.remedy()
        )
    };
    with_reason(message, fault)
}

/// A commit that failed.
fn unsure(fault: DatabaseFault) -> async_graphql::Error {
    let message = format!(
        "While Tocsin wrote this down, its database failed: it {}. Tocsin can't say whether this was done. Look before you ask again, or ask with \
         the same idempotencyKey. Whoever runs the server: {}.",
        fault.cause(),
        fault.remedy()
    );
    with_reason(message, fault)
}

fn with_reason(message: String, fault: DatabaseFault) -> async_graphql::Error {
    async_graphql::Error::new(message).extend_with(|_, extensions| {
        extensions.set("code", "UNAVAILABLE");
        extensions.set("reason", fault.reason());
    })
}

/// Why a query is refused: a top-level error.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refusal {
    /// No key, or none that is valid.
    #[error("This needs an API key: send `Authorization: Bearer <key>`.")]
    Unauthenticated,
    /// The key or role does not allow it.
    #[error("{0}")]
    Forbidden(String),
    /// An argument is wrong.
    #[error("{0}")]
    BadInput(String),
    /// Ours.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<DbErr> for Refusal {
    fn from(error: DbErr) -> Self {
        Self::Fault(error.into())
    }
}

impl From<Refusal> for async_graphql::Error {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            Refusal::Unauthenticated => "UNAUTHENTICATED",
            Refusal::Forbidden(_) => "FORBIDDEN",
            Refusal::BadInput(_) => "BAD_USER_INPUT",
            Refusal::Fault(fault) => return fault.into(),
        };
        Self::new(refusal.to_string()).extend_with(|_, extensions| extensions.set("code", code))
    }
}

/// Why a mutation changed nothing.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The caller is told in the payload.
    Told(UserError),
    /// The request is broken, or we are.
    Refused(Refusal),
}

impl Trouble {
    /// What a failed write means where names are unique in the organisation.
    pub(crate) fn or_name_taken(what: &'static str) -> impl FnOnce(DbErr) -> Self {
        move |error| match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => UserError::name_taken(what).into(),
            _ => error.into(),
        }
    }
}

impl From<UserError> for Trouble {
    fn from(error: UserError) -> Self {
        Self::Told(error)
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Refused(fault.into())
    }
}

impl From<DbErr> for Trouble {
    fn from(error: DbErr) -> Self {
        Fault::from(error).into()
    }
}

/// What a mutation came to, as the two halves of its payload.
///
/// # Errors
/// The top-level error, where the request is broken or we are.
pub(crate) fn told<T>(result: Result<T, Trouble>) -> async_graphql::Result<(Option<T>, Vec<UserError>)> {
    match result {
        Ok(value) => Ok((Some(value), Vec::new())),
        Err(Trouble::Told(error)) => Ok((None, vec![error])),
        Err(Trouble::Refused(Refusal::Fault(fault))) => Err(explain(&fault, Effect::None)),
        Err(Trouble::Refused(refusal)) => Err(refusal.into()),
    }
}
