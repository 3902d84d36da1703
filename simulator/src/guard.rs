//! Who may speak to the simulator from a browser: its own page, and nobody else's.
//!
//! It acts as every person of its workspace, so a web page that a developer happens to have open must reach nothing here. A page of another
//! origin says so in `Origin`. One that had its own name lead to this machine (DNS rebinding) says that name in `Host`: only
//! addresses and `localhost` are taken. And control endpoints take JSON alone, which no page may send elsewhere without asking first.

use std::net::IpAddr;

use axum::Json;
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN, X_FRAME_OPTIONS};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// What browsers say of where a request comes from. Source: W3C, "Fetch Metadata Request Headers".
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Why a request is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Foreign {
    Host,
    Origin,
    NotJson,
}

impl IntoResponse for Foreign {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::Host => (
                StatusCode::FORBIDDEN,
                "the simulator is reached by an IP address or as localhost, and by no other name: a web page could lead its own name here",
            ),
            Self::Origin => (
                StatusCode::FORBIDDEN,
                "only the simulator's own page may speak to it from a browser: open the page of the simulator",
            ),
            Self::NotJson => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "send JSON with the header Content-Type: application/json; with curl: -H 'Content-Type: application/json'",
            ),
        };
        (status, Json(json!({ "error": error }))).into_response()
    }
}

/// Around everything: refuses what another web page sends, and lets no other page frame this one.
pub(crate) async fn around(request: Request, next: Next) -> Response {
    if let Err(foreign) = check(request.method(), request.headers()) {
        tracing::warn!(
            "refused {} {} from another web page: {foreign:?}",
            request.method(),
            request.uri().path()
        );
        return foreign.into_response();
    }
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

/// Around the control endpoints: what changes something is JSON, and says so.
pub(crate) async fn json_only(request: Request, next: Next) -> Response {
    if request.method() == Method::POST && !is_json(request.headers()) {
        return Foreign::NotJson.into_response();
    }
    next.run(request).await
}

fn check(method: &Method, headers: &HeaderMap) -> Result<(), Foreign> {
    let host = text(headers, &HOST).ok_or(Foreign::Host)?;
    if !is_local_name(host) {
        return Err(Foreign::Host);
    }
    if headers.contains_key(ORIGIN) {
        let own = format!("http://{host}");
        return if text(headers, &ORIGIN).is_some_and(|origin| origin.eq_ignore_ascii_case(&own)) {
            Ok(())
        } else {
            Err(Foreign::Origin)
        };
    }
    // A link may lead here from anywhere; nothing is changed by following it.
    let is_foreign =
        text(headers, &FETCH_SITE).is_some_and(|site| site == "cross-site" || site == "same-site");
    if is_foreign && method != Method::GET && method != Method::HEAD {
        return Err(Foreign::Origin);
    }
    Ok(())
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn is_json(headers: &HeaderMap) -> bool {
    let media = text(headers, &CONTENT_TYPE).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    media.eq_ignore_ascii_case("application/json")
}

/// An address, or `localhost`: names that nobody else can have.
fn is_local_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_localhost_are_own_names_and_no_others() {
        for own in [
            "127.0.0.1:8082",
            "localhost:8082",
            "LOCALHOST",
            "[::1]:8082",
            "192.168.1.7",
        ] {
            assert!(is_local_name(own), "{own}");
        }
        for foreign in [
            "evil.example:8082",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "",
            "[evil]",
        ] {
            assert!(!is_local_name(foreign), "{foreign}");
        }
    }
}
