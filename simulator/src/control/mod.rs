//! The simulator's own endpoints under `/sim`: for other processes, `curl`, and the page.

mod actions;
mod dialogs;
mod installing;
mod stream;
mod views;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::error::ActError;
use crate::state::host::Host;

pub(crate) fn routes() -> Router<Arc<Host>> {
    Router::new()
        .route("/sim", get(views::index))
        .route("/sim/workspace", get(views::workspace))
        .route("/sim/channels", get(views::channels))
        .route("/sim/channels/{channel}", get(views::channel))
        .route("/sim/text", get(views::all_text))
        .route("/sim/text/{channel}", get(views::text))
        .route("/sim/calls", get(views::calls))
        .route("/sim/deliveries", get(views::deliveries))
        .route("/sim/stream", get(stream::changes))
        .route("/sim/messages", post(actions::post_message))
        .route("/sim/click", post(actions::click))
        .route("/sim/edit", post(actions::edit))
        .route("/sim/delete", post(actions::delete))
        .route("/sim/react", post(actions::react))
        .route("/sim/command", post(actions::command))
        .route("/sim/views", get(dialogs::views))
        .route("/sim/submit", post(dialogs::submit))
        .route("/sim/close", post(dialogs::close))
        .route("/sim/home", post(dialogs::home))
        .route("/sim/press", post(dialogs::press))
        .route("/sim/function", post(dialogs::function))
        .route("/sim/suggest", post(dialogs::suggest))
        .route("/sim/shortcut", post(dialogs::shortcut))
        .route("/sim/invite", post(actions::invite))
        .route("/sim/callbacks", post(actions::callbacks))
        .route("/sim/authorize", post(installing::authorize))
        .route("/sim/installation", get(installing::look).post(installing::act))
        .route("/sim/limits", post(actions::limits))
        .route(
            "/sim/faults",
            get(views::faults)
                .post(actions::add_fault)
                .delete(actions::clear_faults),
        )
        .route("/sim/{other}", axum::routing::any(views::unknown))
}

/// A control request that cannot be done; the text says what to do.
pub(crate) struct BadRequest {
    status: StatusCode,
    error: String,
}

impl BadRequest {
    fn new(error: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error: error.into(),
        }
    }
}

impl From<ActError> for BadRequest {
    fn from(error: ActError) -> Self {
        match error {
            ActError::NotFound(error) => Self {
                status: StatusCode::NOT_FOUND,
                error,
            },
            ActError::Refused(error) => Self::new(error),
        }
    }
}

impl IntoResponse for BadRequest {
    fn into_response(self) -> Response {
        (self.status, axum::Json(json!({ "error": self.error }))).into_response()
    }
}

/// A body of JSON; that its content type says so is seen before.
fn body<T: DeserializeOwned>(bytes: &Bytes, example: &str) -> Result<T, BadRequest> {
    serde_json::from_slice(bytes)
        .map_err(|error| BadRequest::new(format!("the body does not fit ({error}); for example: {example}")))
}
