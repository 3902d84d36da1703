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

/// What kind of failure a user error tells of. Stable: programs may rely on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "error::UserErrorCode")]
pub(crate) enum UserErrorCode {
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
pub(crate) struct UserError {
    /// What kind of failure it is. Stable.
    pub(crate) code: UserErrorCode,
    /// What a person can do about it.
    pub(crate) message: String,
    /// The path of the input field that is wrong, where one is.
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
