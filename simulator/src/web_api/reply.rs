//! Answers on the wire, proper and spoilt.

use std::io;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde_json::{Value, json};

use crate::faults::{FaultKind, pause};
use crate::method::refusal::{Fields, MethodRefusal};
use crate::state::host::Host;

/// An answer.
pub(crate) enum MethodReply {
    /// `ok: true`.
    Ok(Fields),
    /// `ok: false`, HTTP 200.
    Refused(MethodRefusal),
    /// HTTP 429.
    RateLimited { retry_after: u64 },
    /// A status without JSON, as a proxy would give.
    Http(StatusCode),
    /// The connection breaks off within the answer.
    Dropped,
}

impl MethodReply {
    pub(crate) fn refused(refusal: MethodRefusal) -> Self {
        Self::Refused(refusal)
    }

    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Ok(_) | Self::Refused(_) => Some(200),
            Self::RateLimited { .. } => Some(429),
            Self::Http(status) => Some(status.as_u16()),
            Self::Dropped => None,
        }
    }

    pub(crate) fn error(&self) -> Option<String> {
        match self {
            Self::Ok(_) => None,
            Self::Refused(refusal) => Some(refusal.error.clone()),
            Self::RateLimited { .. } => Some("ratelimited".to_owned()),
            Self::Http(status) => Some(format!("http_{}", status.as_u16())),
            Self::Dropped => Some("dropped".to_owned()),
        }
    }

    pub(crate) fn retry_after(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after } => Some(*retry_after),
            Self::Ok(_) | Self::Refused(_) | Self::Http(_) | Self::Dropped => None,
        }
    }

    pub(crate) fn into_response(self, scopes: Option<&[String]>) -> Response {
        let mut response = match self {
            Self::Ok(mut fields) => {
                fields.insert("ok".to_owned(), json!(true));
                axum::Json(fields).into_response()
            }
            Self::Refused(MethodRefusal { error, mut fields }) => {
                fields.insert("ok".to_owned(), json!(false));
                fields.insert("error".to_owned(), json!(error));
                axum::Json(fields).into_response()
            }
            Self::RateLimited { retry_after } => (
                StatusCode::TOO_MANY_REQUESTS,
                [(header::RETRY_AFTER, retry_after.to_string())],
                axum::Json(json!({ "ok": false, "error": "ratelimited" })),
            )
                .into_response(),
            Self::Http(status) => (
                status,
                axum::response::Html("<html><body>Server error</body></html>"),
            )
                .into_response(),
            Self::Dropped => broken_off(),
        };
        if let Some(scopes) = scopes
            && let Ok(granted) = HeaderValue::from_str(&scopes.join(","))
        {
            response.headers_mut().insert("x-oauth-scopes", granted);
        }
        response
    }
}

/// Headers that promise more than comes: the client sees the connection close in mid-answer.
fn broken_off() -> Response {
    let parts = [
        Ok(axum::body::Bytes::from_static(b"{\"ok\":")),
        Err(io::Error::other("broken off on purpose")),
    ];
    let mut response = Response::new(Body::from_stream(stream::iter(parts)));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from_static("512"));
    response
}

/// The fault's answer; nothing for one that only delays the proper answer.
pub(crate) async fn spoil(host: &Host, kind: FaultKind) -> Option<MethodReply> {
    match kind {
        FaultKind::HttpError { status } => Some(MethodReply::Http(
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        )),
        FaultKind::Error { error } => Some(MethodReply::refused(MethodRefusal::from(error.as_str()))),
        FaultKind::RateLimited { retry_after } => Some(MethodReply::RateLimited { retry_after }),
        FaultKind::LateLimit { seconds, retry_after } => {
            wait(host, seconds).await;
            Some(MethodReply::RateLimited { retry_after })
        }
        FaultKind::Drop => Some(MethodReply::Dropped),
        FaultKind::Hang { seconds } => {
            wait(host, seconds).await;
            Some(MethodReply::Dropped)
        }
        FaultKind::Slow { seconds } => {
            wait(host, seconds).await;
            None
        }
    }
}

async fn wait(host: &Host, seconds: f64) {
    tokio::select! {
        () = host.stop.cancelled() => {}
        () = tokio::time::sleep(pause(seconds)) => {}
    }
}

/// `response_metadata` with one more warning.
pub(crate) fn with_warning(fields: &Fields, warning: &str) -> Value {
    let mut metadata = fields
        .get("response_metadata")
        .cloned()
        .unwrap_or_else(|| json!({}));
    let mut warnings = metadata["warnings"].as_array().cloned().unwrap_or_default();
    warnings.push(json!(warning));
    metadata["warnings"] = json!(warnings);
    metadata
}
