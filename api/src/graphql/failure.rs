//! What goes wrong, as a caller hears of it.
//!
//! Expected failures are [`UserError`]s in a payload; a broken request or a fault of ours is a [`Failure`]: a top-level error with
//! `extensions.code`. With async-graphql's feature `custom-error-conversion` nothing else converts.

use async_graphql::{Enum, ErrorExtensions, SimpleObject};
use tocsin_database::DatabaseFault;
use tocsin_domain::error::{self, InternalError, MutationError, RequestError};

/// What a resolver comes to.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why a request gets no answer: a top-level error.
#[derive(Debug, Clone)]
pub(crate) struct Failure(async_graphql::Error);

impl From<Failure> for async_graphql::Error {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

impl From<async_graphql::Error> for Failure {
    fn from(error: async_graphql::Error) -> Self {
        Self(error)
    }
}

impl From<InternalError> for Failure {
    fn from(fault: InternalError) -> Self {
        explain(&fault, Effect::Unknown)
    }
}

impl From<RequestError> for Failure {
    fn from(refusal: RequestError) -> Self {
        let code = match refusal {
            RequestError::Unauthenticated => "UNAUTHENTICATED",
            RequestError::Forbidden(_) => "FORBIDDEN",
            RequestError::BadInput(_) => "BAD_USER_INPUT",
            RequestError::Fault(fault) => return fault.into(),
        };
        with_code(refusal.to_string(), code)
    }
}

/// The kind of a user error. The codes are stable: programs can rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "error::UserErrorCode")]
pub(crate) enum UserErrorCode {
    /// The object doesn't exist, or belongs to another organisation.
    NotFound,
    /// The role or the API key of the viewer doesn't allow the change.
    Forbidden,
    /// A value of the input is invalid or out of bounds.
    InvalidInput,
    /// The current state of the object doesn't allow the change.
    WrongStatus,
    /// Another object has the same name or address.
    AlreadyExists,
    /// The channel belongs to another organisation in the same Slack workspace.
    ChannelTaken,
    /// The idempotency key was used in the last 24 hours with another input.
    IdempotencyKeyReused,
    /// Somebody else changed the object first: read the object again.
    Conflict,
    /// The server has no secret key to encrypt secrets with.
    SecretKeyMissing,
    /// The environment of the server sets this value, so no mutation can change it.
    SetByEnvironment,
    /// No Slack app can do this: no app is configured, or the app lacks secrets.
    SlackNotConfigured,
    /// The comment was made in Slack: edit the comment there.
    EditInSlack,
    /// The comment has been retracted already.
    Retracted,
    /// The incident's sync with Slack is muted: messages in Slack don't become comments.
    SyncMuted,
    /// The connector has no two-way sync: messages in the channel don't become comments.
    SyncOff,
    /// The organisation refuses comments of people in Slack who aren't matched with a user.
    UnmatchedRefused,
}

/// An expected failure: the mutation changed nothing.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct UserError {
    /// The kind of the failure, stable across versions.
    pub(crate) code: UserErrorCode,
    /// The reason for the failure and what a person can do about it.
    pub(crate) message: String,
    /// The path of the input field that is wrong, such as `["input", "title"]`; null if no field is to blame.
    pub(crate) field: Option<Vec<String>>,
}

impl From<error::UserError> for UserError {
    fn from(error: error::UserError) -> Self {
        Self {
            code: error.code.into(),
            message: error.message,
            field: error.field,
        }
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
fn explain(fault: &InternalError, effect: Effect) -> Failure {
    tracing::error!("a request failed: {fault}");
    let then = match effect {
        Effect::None => "Nothing was changed: try again.",
        Effect::Unknown => "Try again.",
    };
    let (code, message) = match fault {
        InternalError::Database(error) => return unavailable(DatabaseFault::of(error), then),
        InternalError::Unavailable(_) => ("UNAVAILABLE", format!("Tocsin can't do this just now. {then}")),
        InternalError::Unsure(error) => return unsure(DatabaseFault::of(error)),
        InternalError::Broken(_) => (
            "INTERNAL",
            "Something in Tocsin is broken; the server's log says what, under this request id.".to_owned(),
        ),
    };
    with_code(message, code)
}

/// A request that the database could not serve.
fn unavailable(fault: DatabaseFault, then: &str) -> Failure {
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
fn unsure(fault: DatabaseFault) -> Failure {
    let message = format!(
        "While Tocsin wrote this down, its database failed: it {}. Tocsin can't say whether this was done. Look before you ask again, or ask with \
         the same idempotencyKey. Whoever runs the server: {}.",
        fault.cause(),
        fault.remedy()
    );
    with_reason(message, fault)
}

fn with_reason(message: String, fault: DatabaseFault) -> Failure {
    Failure(async_graphql::Error::new(message).extend_with(|_, extensions| {
        extensions.set("code", "UNAVAILABLE");
        extensions.set("reason", fault.reason());
    }))
}

fn with_code(message: String, code: &str) -> Failure {
    Failure(async_graphql::Error::new(message).extend_with(|_, extensions| extensions.set("code", code)))
}

/// What a mutation came to, as the two halves of its payload.
///
/// # Errors
/// The top-level error, where the request is broken or we are.
pub(crate) fn into_payload<T>(result: Result<T, MutationError>) -> Result<(Option<T>, Vec<UserError>)> {
    match result {
        Ok(value) => Ok((Some(value), Vec::new())),
        Err(MutationError::Told(errors)) => Ok((None, errors.into_iter().map(UserError::from).collect())),
        Err(MutationError::Refused(RequestError::Fault(fault))) => Err(explain(&fault, Effect::None)),
        Err(MutationError::Refused(refusal)) => Err(refusal.into()),
    }
}
