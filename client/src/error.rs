//! How a request to the API may go wrong.

use std::time::Duration;

/// Why a request to the API did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
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
    /// The API does not accept the caller's token.
    #[error("the API refuses {credential} (HTTP {status})")]
    Unauthorized {
        /// What the caller calls its token.
        credential: &'static str,
        /// The HTTP status.
        status: u16,
    },
    /// The API executed the request and found a fault of its own, or could not execute it.
    #[error("the API answered with an error: {message} ({})", code.as_deref().unwrap_or("no code"))]
    Refused {
        /// Its stable code.
        code: Option<String>,
        /// What it says.
        message: String,
    },
    /// The answer is not what the schema promises.
    #[error("the API's answer cannot be read: {}", json_fault(.0))]
    Malformed(#[from] serde_json::Error),
    /// An id in the answer is not of its kind.
    #[error("the API's answer holds an id that is none: {0}")]
    InvalidId(#[from] tocsin_entity::id::InvalidId),
}

/// Codes of top-level errors after which the same request may succeed.
const PASSING: [&str; 4] = ["INTERNAL", "INTERNAL_SERVER_ERROR", "TIMEOUT", "UNAVAILABLE"];

impl ApiError {
    /// Whether the API could not be reached, or works on nothing just now, so that another request fares no better.
    pub fn concerns_all(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Unavailable { .. } => true,
            Self::Refused { code, .. } => code.as_deref() == Some("UNAVAILABLE"),
            Self::Unauthorized { .. } | Self::Malformed(_) | Self::InvalidId(_) => false,
        }
    }

    /// Whether the answer would be larger than the API gives: less is to be asked for.
    pub fn is_too_large(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code.as_deref() == Some("ANSWER_TOO_LARGE"))
    }

    /// Whether the same request may succeed a little later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Unavailable { .. } => true,
            Self::Refused { code, .. } => code.as_deref().is_some_and(|code| PASSING.contains(&code)),
            Self::Unauthorized { .. } | Self::Malformed(_) | Self::InvalidId(_) => false,
        }
    }
}

/// What is wrong with JSON, and where, without a word of it: serde quotes the value that does not fit, which may be a token.
fn json_fault(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Io => "it could not be read",
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Data => "a value has another type than expected, or is missing",
        serde_json::error::Category::Eof => "it ends too early",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_does_not_fit_is_not_repeated() {
        let error = serde_json::from_str::<Vec<u8>>("\"xoxb-a-token\"").expect_err("no list");
        assert!(error.to_string().contains("xoxb"), "serde quotes it");
        let told = ApiError::from(error).to_string();
        assert!(!told.contains("xoxb"), "{told}");
    }
}
