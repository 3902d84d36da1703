//! The HTTP face of the API: GraphQL over HTTP and WebSocket, and the pages for people.
//!
//! async-graphql brings services for axum. They fail the specification's audits and let more through than they should,
//! so these are ours, over [`Executor`]: [`graphql`] for POST and GET, [`socket`] for `graphql-transport-ws`. A request
//! passes [`outer`] (id, count, panic net), is read by [`params`] and measured by [`document`], signed by its
//! [`Caller`](endpoint::Caller), and executed; [`phases`] tells how far it came, and [`answer`] writes what came of it.

mod accept;
mod answer;
mod document;
mod endpoint;
mod graphql;
mod outer;
mod pages;
mod params;
mod phases;
mod refusal;
mod socket;
#[cfg(test)]
mod tests;
mod variables;

use async_graphql::Executor;
use axum::{Router, extract::DefaultBodyLimit, middleware, routing::any};

use self::endpoint::Endpoint;
pub(crate) use self::phases::Phases;

fn routes<E: Executor>(endpoint: Endpoint<E>) -> Router {
    Router::new()
        .route(graphql::PATH, any(graphql::serve::<E>))
        .with_state(endpoint)
        .merge(pages::routes())
        // The GraphQL handler keeps its own limit, and answers in its own words.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn(outer::around))
}
