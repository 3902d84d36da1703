//! The way to each further team over HTTP.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get};
use tower::ServiceExt;

use crate::state::host::Host;

/// `/teams/{id}/…`: what is at `/…` of the first team, for another. The Web API is at `/api` for all.
pub(super) fn routes() -> Router<Arc<Host>> {
    Router::new()
        .route("/teams/{team}", get(with_slash))
        .route("/teams/{team}/", any(first_page))
        .route("/teams/{team}/{*rest}", any(page))
}

async fn with_slash(Path(team): Path<String>) -> Redirect {
    let team: String = team.chars().filter(char::is_ascii_alphanumeric).collect();
    Redirect::permanent(&format!("/teams/{team}/"))
}

async fn first_page(State(home): State<Arc<Host>>, Path(team): Path<String>, request: Request) -> Response {
    forward(&home, &team, "", request).await
}

async fn page(
    State(home): State<Arc<Host>>,
    Path((team, rest)): Path<(String, String)>,
    request: Request,
) -> Response {
    forward(&home, &team, &rest, request).await
}

async fn forward(home: &Host, team: &str, rest: &str, mut request: Request) -> Response {
    let query = request.uri().query();
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let (Some(host), Ok(uri)) = (home.platform.team(team), Uri::try_from(format!("/{rest}{query}"))) else {
        return (StatusCode::NOT_FOUND, "there is no such team").into_response();
    };
    *request.uri_mut() = uri;
    // The parameters of the outer path are among them, and would be taken for those of the inner one.
    request.extensions_mut().clear();
    // Its error is a type without values.
    let answered = super::of_team().with_state(host).oneshot(request).await;
    answered.into_response()
}
