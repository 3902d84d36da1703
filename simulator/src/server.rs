//! The routes.

use std::sync::Arc;

use axum::Router;

use crate::host::Host;
use crate::{control, oauth, outbound, page, socket, web_api};

/// Everything that is served on the simulator's port.
pub(crate) fn router(host: Arc<Host>) -> Router {
    Router::new()
        .merge(page::routes())
        .merge(web_api::routes())
        .merge(oauth::routes())
        .merge(outbound::response_url::routes())
        .merge(socket::routes())
        .merge(control::routes())
        .with_state(host)
}
