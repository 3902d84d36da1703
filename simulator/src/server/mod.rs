//! The routes.

mod teams;

use std::sync::Arc;

use axum::{Router, middleware};

use crate::state::host::Host;
use crate::{control, guard, oauth, outbound, page, socket, web_api};

/// Everything that is served on the simulator's port.
pub(crate) fn router(host: Arc<Host>) -> Router {
    of_team()
        .merge(web_api::routes())
        .merge(oauth::routes())
        .merge(socket::routes())
        .merge(teams::routes())
        .layer(middleware::from_fn(guard::around))
        .with_state(host)
}

/// What each team has for itself.
fn of_team() -> Router<Arc<Host>> {
    Router::new()
        .merge(page::routes())
        .merge(outbound::response_url::routes())
        .merge(control::routes().layer(middleware::from_fn(guard::json_only)))
}
