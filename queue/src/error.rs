//! What may go wrong between a caller and the queue.

use crate::explain::{explain, explanation};

/// Any error, as handlers return it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Why the queue could not be opened, or could not take or count jobs just now.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The configuration can't work: a malformed URL, an empty namespace, a file that can't be opened.
    #[error("the queue's configuration does not work: {0}")]
    Config(String),
    /// The backend did not answer, or answered with an error: what is wrong with it, and what to do.
    #[error("{}", explain(.0.as_ref()))]
    Backend(#[source] BoxError),
    /// The job could not be written as JSON.
    #[error("a {job} job could not be encoded")]
    Encode {
        /// The job's name.
        job: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A worker was started without a handler, or with two for one name.
    #[error("{0}")]
    Handlers(String),
}

impl QueueError {
    /// Whether its text names neither cause nor remedy: the backend failed in a way that is not known.
    pub fn is_unexplained(&self) -> bool {
        match self {
            Self::Backend(error) => explanation(error.as_ref()).is_none(),
            Self::Config(_) | Self::Encode { .. } | Self::Handlers(_) => false,
        }
    }
}

impl From<apalis_redis::Error> for QueueError {
    fn from(error: apalis_redis::Error) -> Self {
        Self::Backend(error.into())
    }
}

impl From<redis::RedisError> for QueueError {
    fn from(error: redis::RedisError) -> Self {
        Self::Backend(error.into())
    }
}

impl From<apalis_sqlite::Error> for QueueError {
    fn from(error: apalis_sqlite::Error) -> Self {
        match error {
            // apalis' error hides that it wraps this one: whether the file is damaged is asked of sqlx's.
            apalis_sqlite::Error::Database(error) => error.into(),
            error @ (apalis_sqlite::Error::JsonError(_)
            | apalis_sqlite::Error::ReenqueueMismatch { .. }
            | apalis_sqlite::Error::TaskIdError(_)
            | apalis_sqlite::Error::StatusError(_)) => Self::Backend(error.into()),
        }
    }
}

impl From<sqlx::Error> for QueueError {
    fn from(error: sqlx::Error) -> Self {
        Self::Backend(error.into())
    }
}
