//! The HTTP face of the API: GraphQL over HTTP and WebSocket, and the pages for people.
//!
//! async-graphql brings services for axum. They fail the specification's audits and let more through than they should,
//! so these are ours, over [`Executor`]: [`graphql`] for POST and GET, [`socket`] for `graphql-transport-ws`. A request
//! passes [`outer`] (id, count, panic net), is read by [`params`] and measured by [`document`], signed by its
//! [`Caller`](endpoint::Caller), and executed; [`phases`] tells how far it came, and [`answer`] writes what came of it.

mod absent_variables;
mod accept;
mod answer;
mod authenticator;
mod browser;
mod client_address;
pub(crate) mod cost;
mod document;
mod endpoint;
mod field_errors;
mod focus;
mod graphql;
mod introspection;
mod names;
mod oidc;
mod outer;
mod pages;
mod params;
mod phases;
mod refusal;
mod sign_in;
mod socket;
#[cfg(test)]
mod tests;
mod variables;
mod wrong_keys;

use std::sync::Arc;

use async_graphql::Executor;
use axum::{Router, extract::DefaultBodyLimit, middleware, routing::any};
use tokio_util::sync::CancellationToken;

pub use self::introspection::Introspection;
pub(crate) use self::oidc::CALLBACK as OIDC_CALLBACK;
pub(crate) use self::phases::PhaseExtension;
use self::{
    browser::BrowserPolicy,
    endpoint::{Endpoint, TransportSettings},
};
use crate::Api;

/// Everything of the API that is served over HTTP. Sockets say goodbye when `shutdown` is cancelled.
pub(crate) fn router(api: Api, shutdown: CancellationToken) -> Router {
    describe_metrics();
    let wrong_keys = Arc::default();
    let settings = TransportSettings {
        introspection: api.introspection,
        trusted_proxies: api.trusted_proxies.clone(),
        browser: BrowserPolicy::of(&api.config().public_url),
        ..TransportSettings::default()
    };
    let schema = api.schema().clone();
    let sign_in = sign_in::routes(api.clone(), settings.clone(), Arc::clone(&wrong_keys));
    let oidc = oidc::routes(api.clone(), settings.clone(), Arc::clone(&wrong_keys));
    let endpoint = Endpoint::new(
        schema,
        authenticator::authenticators(api, &wrong_keys),
        settings,
        shutdown,
    );
    around(pages_and_graphql(endpoint).merge(sign_in).merge(oidc))
}

fn describe_metrics() {
    metrics::describe_counter!("tocsin_http_requests_total", "HTTP requests answered");
    metrics::describe_histogram!(
        "tocsin_graphql_request_seconds",
        metrics::Unit::Seconds,
        "Time to execute a query or a mutation"
    );
    metrics::describe_counter!(
        "tocsin_wrong_keys_total",
        "Requests with a wrong API key, session or link, by outcome: refused at once, slowed down, or turned away unseen"
    );
    metrics::describe_counter!(
        "tocsin_sign_ins_total",
        "Uses of one-time links, by outcome: OK, or why nobody was signed in"
    );
    metrics::describe_counter!(
        "tocsin_oidc_sign_ins_total",
        "People who have come back from the OpenID issuer, or could not go there, by outcome: OK, or why nobody was signed in"
    );
    metrics::describe_gauge!("tocsin_graphql_sockets", "WebSockets that are open");
    metrics::describe_counter!(
        "tocsin_graphql_socket_closes_total",
        "WebSockets closed by the server, by close code"
    );
}

#[cfg(test)]
fn routes<E: Executor>(endpoint: Endpoint<E>) -> Router {
    around(pages_and_graphql(endpoint))
}

fn pages_and_graphql<E: Executor>(endpoint: Endpoint<E>) -> Router {
    Router::new()
        .route(graphql::PATH, any(graphql::serve::<E>))
        .with_state(endpoint)
        .merge(pages::routes())
}

fn around(router: Router) -> Router {
    router
        // The GraphQL handler keeps its own limit, and answers in its own words.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn(outer::around))
}
