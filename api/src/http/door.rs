//! Who is let in: the transport's view of [`viewer::authenticate`].

use std::sync::Arc;

use axum::http::StatusCode;
use futures::future::BoxFuture;

use super::{
    endpoint::{Caller, Credentials, Door},
    refusal::Refusal,
};
use crate::{
    Api,
    viewer::{self, AuthError, Viewer, Who},
};

/// The door of the API.
pub(super) fn door(api: Api) -> Arc<Door> {
    Arc::new(move |credentials, request_id| -> BoxFuture<'static, _> {
        Box::pin(let_in(api.clone(), credentials, request_id))
    })
}

async fn let_in(api: Api, credentials: Credentials, request_id: String) -> Result<Caller, Refusal> {
    let Viewer { who, .. } = viewer::authenticate(
        &api,
        credentials.bearer.as_deref(),
        credentials.organization.as_deref(),
        credentials.on_behalf_of.as_deref(),
        request_id,
    )
    .await
    .map_err(|error| refusal(&error))?;
    let standing = format!("{who:?}");
    Ok(Caller::new(
        who == Who::Anonymous,
        standing,
        move |request, request_id| {
            request.data(Viewer {
                who: who.clone(),
                request_id: request_id.to_owned(),
            })
        },
    ))
}

fn refusal(error: &AuthError) -> Refusal {
    let status = match error {
        AuthError::BadKey => StatusCode::UNAUTHORIZED,
        AuthError::BadHeader(_) => StatusCode::BAD_REQUEST,
        AuthError::NoMember(_) => StatusCode::FORBIDDEN,
        AuthError::Fault(fault) => {
            tracing::error!("a key could not be checked: {fault}");
            return Refusal::request(
                StatusCode::SERVICE_UNAVAILABLE,
                error.code(),
                "Tocsin can't check the API key just now. Nothing was changed: try again.",
            );
        }
    };
    Refusal::request(status, error.code(), error.to_string())
}
