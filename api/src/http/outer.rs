//! What every request meets first and last: its id, the count, the panic net, the headers that browsers heed.

use std::{fmt, panic::AssertUnwindSafe, sync::Arc};

use axum::{
    extract::Request,
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use uuid::Uuid;

use super::{answer::HttpAnswer, refusal::HttpRefusal};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest request id taken from a caller.
const REQUEST_ID_MAX: usize = 128;

/// Follows one request through logs, answers and the changes it makes.
#[derive(Debug, Clone)]
pub(super) struct RequestId(Arc<str>);

impl RequestId {
    /// The caller's own where it is sane, else a new one.
    fn from_headers(headers: &HeaderMap) -> Self {
        headers
            .get(REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .filter(|id| !id.is_empty() && id.len() <= REQUEST_ID_MAX)
            .filter(|id| id.bytes().all(|byte| byte.is_ascii_graphic()))
            .map_or_else(Self::new, |id| Self(Arc::from(id)))
    }

    /// A new one.
    pub(super) fn new() -> Self {
        Self(Arc::from(Uuid::now_v7().simple().to_string()))
    }

    /// The one given to the request that these extensions belong to.
    pub(super) fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or_else(Self::new)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The outermost layer.
pub(super) async fn around(mut request: Request, next: Next) -> Response {
    let id = RequestId::from_headers(request.headers());
    let method = request.method().clone();
    let route = known_route(request.uri().path());
    request.extensions_mut().insert(id.clone());

    let outcome = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = outcome.unwrap_or_else(|_| {
        tracing::error!(request.id = %id, "the handler of {method} {route} panicked");
        fault(&id)
    });
    metrics::counter!(
        "tocsin_http_requests_total",
        "method" => known_method(method.as_str()),
        "route" => route,
        "status" => response.status().as_u16().to_string(),
    )
    .increment(1);
    finish(response.headers_mut(), &id);
    response
}

fn fault(id: &RequestId) -> Response {
    let body = HttpAnswer::refused(HttpRefusal::fault(), id.as_str()).to_json();
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    let headers = [(header::CONTENT_TYPE, json)];
    (StatusCode::INTERNAL_SERVER_ERROR, headers, body).into_response()
}

/// Paths and methods are the caller's to invent; the labels of a metric are not.
fn known_route(path: &str) -> &'static str {
    [
        "/graphql",
        "/graphiql",
        "/healthz",
        "/readyz",
        "/metrics",
        "/sign-in",
        "/sign-in/link",
        "/sign-in/oidc",
        "/sign-in/oidc/callback",
        "/sessions",
        "/sign-out",
        "/",
    ]
    .into_iter()
    .find(|known| *known == path)
    .or_else(|| path.starts_with("/incidents/").then_some("/incidents/{number}"))
    .or_else(|| path.starts_with("/assets/").then_some("/assets/{file}"))
    .unwrap_or("other")
}

/// See [`known_route`].
fn known_method(method: &str) -> &'static str {
    ["GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}

fn finish(headers: &mut HeaderMap, id: &RequestId) {
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        headers.insert(REQUEST_ID, id);
    }
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // Pages bring their own policy; what is no page needs nothing at all.
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ));
}
