//! Why a request was not taken, as the sender is told.

use axum::{
    Json,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::json;
use tocsin_slack::{envelope::MalformedRequest, signature::SignatureError};

/// Why a request was not taken. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InboundError {
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error("the body is longer than 1 MiB")]
    TooLarge,
    #[error("the body did not arrive in time: send it at once, after the head")]
    TooSlow,
    #[error("the body could not be read: {0}")]
    Unreadable(String),
    #[error(transparent)]
    Malformed(#[from] MalformedRequest),
    #[error("the request is about a Slack workspace that is not connected through this app")]
    Foreign,
    #[error("the request could not be stored; send it again: {0}")]
    Unavailable(String),
}

impl InboundError {
    /// Why a body could not be read.
    pub(crate) fn of_body(error: &axum::Error) -> Self {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(error) = cause {
            if error.to_string().contains("length limit exceeded") {
                return Self::TooLarge;
            }
            cause = error.source();
        }
        Self::Unreadable(error.to_string())
    }

    /// A name for programs; never changed.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Signature(SignatureError::Missing) => "SIGNATURE_MISSING",
            Self::Signature(SignatureError::Stale) => "SIGNATURE_STALE",
            Self::Signature(SignatureError::Mismatch) => "SIGNATURE_MISMATCH",
            Self::TooLarge => "BODY_TOO_LARGE",
            Self::TooSlow => "BODY_TOO_SLOW",
            Self::Unreadable(_) => "BODY_UNREADABLE",
            Self::Malformed(_) => "BODY_MALFORMED",
            Self::Foreign => "FOREIGN_WORKSPACE",
            Self::Unavailable(_) => "UNAVAILABLE",
        }
    }

    /// What it is counted as.
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::Signature(SignatureError::Missing) => "signature_missing",
            Self::Signature(SignatureError::Stale) => "signature_stale",
            Self::Signature(SignatureError::Mismatch) => "signature_mismatch",
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::Unreadable(_) => "unreadable",
            Self::Malformed(_) => "malformed",
            Self::Foreign => "foreign",
            Self::Unavailable(_) => "unavailable",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Signature(_) => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Unreadable(_) | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Foreign => StatusCode::FORBIDDEN,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(crate) fn log(&self, endpoint: &'static str, request_id: &str, headers: &HeaderMap) {
        let header = |name: &str| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        tracing::warn!(
            request.id = request_id,
            slack.endpoint = endpoint,
            slack.retry = header("x-slack-retry-num"),
            slack.retry_reason = header("x-slack-retry-reason"),
            error.code = self.code(),
            "refused a request to /slack/{endpoint}: {self}"
        );
    }
}

impl IntoResponse for InboundError {
    fn into_response(self) -> Response {
        // What failed inside is for the log, not for the caller.
        let message = match &self {
            Self::Unavailable(_) => "the request could not be stored; send it again".to_owned(),
            Self::Signature(_)
            | Self::TooLarge
            | Self::TooSlow
            | Self::Unreadable(_)
            | Self::Malformed(_)
            | Self::Foreign => self.to_string(),
        };
        let body = json!({"error": {"code": self.code(), "message": message}});
        let mut response = (self.status(), Json(body)).into_response();
        if matches!(self, Self::Foreign) {
            // It would be refused again; and Slack counts failures against the app.
            let name = HeaderName::from_static("x-slack-no-retry");
            response.headers_mut().insert(name, HeaderValue::from_static("1"));
        }
        response
    }
}
