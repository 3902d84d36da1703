//! Requests the transport itself turns down, each with a status and a code that stay.

use async_graphql::{ErrorExtensionValues, Pos, ServerError};
use axum::http::StatusCode;

use super::phases::ANSWER_BYTES_MAX;

/// Why a request is not executed.
#[derive(Debug, Clone)]
pub(super) struct HttpRefusal {
    /// The HTTP status under either media type; `None` for a faulty document, whose status the media type decides.
    pub(super) status: Option<StatusCode>,
    /// Stable, for programs.
    pub(super) code: &'static str,
    /// For people: what is wrong and what to do.
    pub(super) message: String,
    /// Where in the document.
    pub(super) at: Option<Pos>,
}

impl HttpRefusal {
    /// Faulty HTTP: the same status whatever the media type.
    pub(super) fn request(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: Some(status),
            code,
            message: message.into(),
            at: None,
        }
    }

    /// Malformed JSON or parameters.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::request(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    }

    /// A document that cannot be executed.
    pub(super) fn document(code: &'static str, message: impl Into<String>, at: Option<Pos>) -> Self {
        Self {
            status: None,
            code,
            message: message.into(),
            at,
        }
    }

    /// A fault of ours that the caller can only try again.
    pub(super) fn fault() -> Self {
        Self::request(
            StatusCode::INTERNAL_SERVER_ERROR,
            "INTERNAL_ERROR",
            "Something went wrong on our side. Try again; if it goes on, tell the operator the request id.",
        )
    }

    /// The answer became too large while it was made.
    pub(super) fn too_large() -> Self {
        Self::document(
            "ANSWER_TOO_LARGE",
            format!(
                "The answer is larger than {} MiB. Ask for less: fewer items, fewer fields, smaller pages. A mutation may have been done: \
                 repeat it with the same idempotencyKey, and select less.",
                ANSWER_BYTES_MAX >> 20
            ),
            None,
        )
    }

    /// Execution went on for too long and was given up.
    pub(super) fn timed_out() -> Self {
        Self::request(
            StatusCode::SERVICE_UNAVAILABLE,
            "EXECUTION_TIMEOUT",
            "The request took too long and was given up. Ask for less; repeat a mutation with the same idempotencyKey.",
        )
    }
}

impl From<HttpRefusal> for ServerError {
    fn from(refusal: HttpRefusal) -> Self {
        let mut error = Self::new(refusal.message, refusal.at);
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", refusal.code);
        error.extensions = Some(extensions);
        error
    }
}
