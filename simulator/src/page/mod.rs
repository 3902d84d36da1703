//! The page at `/`: static files, no outside assets, fed by the control endpoints.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;

use crate::state::host::Host;

/// The page may load nothing but itself, and no text in it becomes code.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
    img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) fn routes() -> Router<Arc<Host>> {
    Router::new()
        .route(
            "/",
            get(async || file("text/html; charset=utf-8", include_str!("index.html"))),
        )
        .route(
            "/page/style.css",
            get(async || file("text/css; charset=utf-8", include_str!("style.css"))),
        )
        .route("/page/text.js", get(async || script(include_str!("text.js"))))
        .route("/page/blocks.js", get(async || script(include_str!("blocks.js"))))
        .route("/page/dialog.js", get(async || script(include_str!("dialog.js"))))
        .route("/page/page.js", get(async || script(include_str!("page.js"))))
        .route("/archives/{channel}/{message}", get(permalink))
}

fn script(body: &'static str) -> impl IntoResponse {
    file("text/javascript; charset=utf-8", body)
}

fn file(content_type: &'static str, body: &'static str) -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, body)
}

/// A permalink leads to its channel.
async fn permalink(
    State(host): State<Arc<Host>>,
    Path((channel, _message)): Path<(String, String)>,
) -> Redirect {
    let channel: String = channel.chars().filter(char::is_ascii_alphanumeric).collect();
    Redirect::temporary(&format!("{}#{channel}", host.base.path()))
}
