//! The routes.

use std::sync::Arc;

use axum::Router;

use crate::host::Host;
use crate::{control, oauth, outbound, page, socket, teams, web_api};

/// Everything that is served on the simulator's port.
pub(crate) fn router(host: Arc<Host>) -> Router {
    of_team()
        .merge(web_api::routes())
        .merge(oauth::routes())
        .merge(socket::routes())
        .merge(teams::routes())
        .with_state(host)
}

/// What each team has for itself.
pub(crate) fn of_team() -> Router<Arc<Host>> {
    Router::new()
        .merge(page::routes())
        .merge(outbound::response_url::routes())
        .merge(control::routes())
}
