//! Serves HTTP within limits. Every listener of the workspace is served by [`serve`].
//!
//! A connection that waits for its client (for a head, a body, the next request) is *waiting*; one that the server
//! works for is not. Waiting has an end: [`ListenerLimits`] says when. And where there are as many connections as there may be,
//! those that have waited longest make room for a new one, so silent clients never lock out the others.
//!
//! - `connection` drives one connection and knows its phase.
//! - `registry` counts connections and closes the longest waiting.
//! - `body` bounds the time of a request's body, and the bytes of all of them together.
//! - `stream` sees bytes come and go, and ends a connection whose client does not read its answers.
//! - `files` raises the limit of open files, which limits connections too.

mod body;
mod budget;
mod connection;
mod files;
mod limits;
mod registry;
mod stream;

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    connection::ServedConnection,
    registry::{Admission, ConnectionRegistry},
};
pub use self::{
    files::{FILES_RESERVED, raise_open_files},
    limits::ListenerLimits,
};

/// How long the listener rests after an error that is not one connection's.
const REST: Duration = Duration::from_millis(200);

/// Describes the metrics of all listeners. Call it once, when the recorder is installed.
pub fn describe_metrics() {
    metrics::describe_gauge!(
        "tocsin_http_connections",
        "HTTP connections that are open, by listener."
    );
    metrics::describe_gauge!(
        "tocsin_http_connections_limit",
        "HTTP connections that may be open at a time, by listener."
    );
    metrics::describe_counter!(
        "tocsin_http_connections_closed_total",
        "HTTP connections that the server closed because of a limit, by listener and reason."
    );
    metrics::describe_counter!(
        "tocsin_http_bodies_refused_total",
        "Request bodies that were given up because of a limit, by listener and reason."
    );
}

/// Serves `router` until `stop` is cancelled and every request that was begun is answered.
///
/// `name` labels the metrics and names the listener in logs. Handlers find the client's address as `ConnectInfo<SocketAddr>`.
pub async fn serve(
    name: &'static str,
    listener: TcpListener,
    router: Router,
    limits: ListenerLimits,
    stop: CancellationToken,
) {
    let registry = Arc::new(ConnectionRegistry::new(name, limits));
    let connections = TaskTracker::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, peer)) => match registry.admit() {
                Admission::Admitted(entry) => {
                    let served =
                        ServedConnection::new(stream, peer, entry, router.clone(), Arc::clone(&registry));
                    connections.spawn(served.run(stop.clone()));
                }
                Admission::Full => connection::refuse(&stream),
            },
            Err(error) => rest_after(name, &registry, &error).await,
        }
    }
    connections.close();
    connections.wait().await;
}

/// Accepting failed. Where there are no more files, those who wait longest make room.
async fn rest_after(name: &'static str, registry: &ConnectionRegistry, error: &io::Error) {
    let of_the_client = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    );
    if of_the_client {
        return;
    }
    if files::are_exhausted(error) {
        registry.make_room("out_of_files");
        registry.warn(format_args!(
            "the {name} listener has no file descriptor left for another connection: raise the limit of open files (LimitNOFILE, ulimit -n)"
        ));
    } else {
        registry.warn(format_args!(
            "the {name} listener can't accept a connection: {error}"
        ));
    }
    tokio::time::sleep(REST).await;
}
