//! GraphQL over WebSocket: the subprotocol `graphql-transport-ws`, as npm `graphql-ws` describes it in PROTOCOL.md.
//!
//! One task owns the socket, and each operation has a task of its own; they meet in a short queue. When a client stops
//! reading, the queue fills, the operations wait (holding nothing but their next message), and after
//! [`TransportSettings::stall_max`](super::endpoint::TransportSettings) the socket is closed: what a slow client costs is bounded.

mod operation;
mod protocol;
mod revocations;
mod session;
mod sockets;

use async_graphql::Executor;
use axum::{
    extract::WebSocketUpgrade,
    http::{HeaderValue, request::Parts},
    response::Response,
};

use self::protocol::CloseCode;
pub(super) use self::{
    revocations::Revocations,
    sockets::{SocketLimits, Sockets},
};
use super::{
    endpoint::{Credentials, Endpoint},
    outer::RequestId,
};

/// The one subprotocol spoken here.
const SUBPROTOCOL: &str = "graphql-transport-ws";
/// Its predecessor, understood only where a client offers both: see [`protocol::Dialect`].
const LEGACY_SUBPROTOCOL: &str = "graphql-ws";
/// Read buffer of a socket: requests are small, and ten thousand sockets each have one.
const READ_BUFFER_BYTES: usize = 2_048;

/// Answers an upgrade and serves the socket until it closes.
pub(super) fn accept<E: Executor>(
    endpoint: Endpoint<E>,
    upgrade: WebSocketUpgrade,
    parts: &Parts,
    request_id: RequestId,
) -> Response {
    let Some(place) = endpoint.sockets.open() else {
        return sockets::refuse();
    };
    let most = endpoint.settings.message_bytes_max;
    let mut upgrade = upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(READ_BUFFER_BYTES)
        .max_message_size(most)
        .max_frame_size(most)
        .on_failed_upgrade(|error| tracing::debug!("a WebSocket upgrade failed: {error}"));
    let ours = HeaderValue::from_static(SUBPROTOCOL);
    if !upgrade.requested_protocols().any(|offer| *offer == ours) {
        // Some clients drop a handshake that selects none of their offers, and would never see the close code.
        let offer = upgrade.requested_protocols().next().cloned();
        if let Some(offer) = offer {
            upgrade.set_selected_protocol(offer);
        }
        return upgrade.on_upgrade(move |socket| async move {
            let _place = place;
            session::close(socket, CloseCode::SubprotocolNotAcceptable).await;
        });
    }
    upgrade.set_selected_protocol(ours);
    let credentials = Credentials::of(parts, &endpoint.settings);
    let offers_legacy = upgrade
        .requested_protocols()
        .any(|offer| offer == LEGACY_SUBPROTOCOL);
    upgrade.on_upgrade(move |socket| {
        session::run(endpoint, socket, place, credentials, request_id, offers_legacy)
    })
}
