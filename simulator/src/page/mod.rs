//! The page at `/`: one static file, no outside assets.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::header;
use axum::response::{Html, IntoResponse, Redirect};
use axum::routing::get;

use crate::host::Host;

const PAGE: &str = include_str!("index.html");

/// The page may load nothing but itself.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:";

pub(crate) fn routes() -> Router<Arc<Host>> {
    Router::new()
        .route("/", get(page))
        .route("/archives/{channel}/{message}", get(permalink))
}

async fn page() -> impl IntoResponse {
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(PAGE))
}

/// A permalink leads to its channel.
async fn permalink(Path((channel, _message)): Path<(String, String)>) -> Redirect {
    let channel: String = channel.chars().filter(char::is_ascii_alphanumeric).collect();
    Redirect::temporary(&format!("/#{channel}"))
}
