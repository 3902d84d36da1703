//! How a request to the API may go wrong.

use std::time::Duration;

/// Why a request to the API did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The API could not be reached, or did not answer in time.
    #[error("the API does not answer: {0}")]
    Unreachable(#[source] reqwest::Error),
    /// The API is overloaded or restarting.
    #[error("the API answered HTTP {status}")]
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// When to come back, where it said so.
        retry_after: Option<Duration>,
    },
    /// The API does not accept the bridge's token.
    #[error("the API refuses TOCSIN_BRIDGE_TOKEN (HTTP {0})")]
    Unauthorized(u16),
    /// The API executed the request and found a fault of its own, or could not execute it.
    #[error("the API answered with an error: {message} ({})", code.as_deref().unwrap_or("no code"))]
    Refused {
        /// Its stable code.
        code: Option<String>,
        /// What it says.
        message: String,
    },
    /// The answer is not what the schema promises.
    #[error("the API's answer cannot be read: {}", tocsin_slack::json::json_fault(.0))]
    Malformed(#[from] serde_json::Error),
    /// An id in the answer is not of its kind.
    #[error("the API's answer holds an id that is none: {0}")]
    InvalidId(#[from] tocsin_entity::id::InvalidId),
}

/// Codes of top-level errors after which the same request may succeed.
const PASSING: [&str; 4] = ["INTERNAL", "INTERNAL_SERVER_ERROR", "TIMEOUT", "UNAVAILABLE"];

impl ApiError {
    /// Whether the same request may succeed a little later.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Unavailable { .. } => true,
            Self::Refused { code, .. } => code.as_deref().is_some_and(|code| PASSING.contains(&code)),
            Self::Unauthorized(_) | Self::Malformed(_) | Self::InvalidId(_) => false,
        }
    }
}
