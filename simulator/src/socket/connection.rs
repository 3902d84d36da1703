//! One connection, from its hello to its end.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures::{SinkExt, Stream, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::state::host::{Host, lock};
use crate::state::sockets::{SocketOrder, goodbye};

/// How long a connection is said to live.
const LIFE: Duration = Duration::from_secs(3_600);

/// And with `debug_reconnects`.
const SHORT_LIFE: Duration = Duration::from_secs(360);

/// How long before its end a connection is warned.
const WARNED: Duration = Duration::from_secs(10);

/// What an app may say.
#[derive(Deserialize)]
struct Acknowledgement {
    envelope_id: String,
    payload: Option<Value>,
}

pub(super) async fn serve(host: Arc<Host>, mut socket: WebSocket, short_lived: bool) {
    let (sender, orders) = mpsc::unbounded_channel();
    let Some(id) = lock(&host.app.sockets).add(sender) else {
        // The app finds out by itself if this does not arrive.
        let _sent = socket.send(Message::text(goodbye("too_many_websockets"))).await;
        return;
    };
    host.ring();
    let stop = host.stop.clone();
    tokio::select! {
        () = stop.cancelled() => {}
        () = talk(&host, socket, orders, short_lived) => {}
    }
    lock(&host.app.sockets).remove(id);
    host.ring();
}

async fn talk(
    host: &Host,
    socket: WebSocket,
    mut orders: mpsc::UnboundedReceiver<SocketOrder>,
    short_lived: bool,
) {
    let life = if short_lived { SHORT_LIFE } else { LIFE };
    let (mut sink, mut stream) = socket.split();
    let hello = json!({
        "type": "hello",
        "connection_info": {"app_id": host.app.id},
        "num_connections": lock(&host.app.sockets).connections(),
        "debug_info": {"host": "applink-simulated", "build_number": 1, "approximate_connection_time": life.as_secs()},
    });
    if sink.send(Message::text(hello.to_string())).await.is_err() {
        return;
    }
    let mut pings = tokio::time::interval(host.config.ping_every);
    let mut ends: Option<Instant> = None;
    let mut warning = Some(Instant::now() + life - WARNED);
    loop {
        let timer = ends.or(warning).unwrap_or_else(|| Instant::now() + LIFE);
        let said = tokio::select! {
            order = orders.recv() => match order {
                Some(SocketOrder::Say(text)) => Message::text(text),
                Some(SocketOrder::Leave(text, milliseconds)) => {
                    ends = Some(Instant::now() + Duration::from_millis(milliseconds));
                    Message::text(text)
                }
                Some(SocketOrder::Hush) => return hush(&mut stream, &mut orders).await,
                // Without a closing handshake.
                Some(SocketOrder::Drop) | None => return,
            },
            heard = stream.next() => match heard {
                Some(Ok(Message::Text(text))) => {
                    if let Ok(ack) = serde_json::from_str::<Acknowledgement>(&text) {
                        lock(&host.app.sockets).acknowledge(&ack.envelope_id, ack.payload);
                    }
                    continue;
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => continue,
            },
            _ = pings.tick() => Message::Ping("Ping from the simulated Slack".into()),
            () = tokio::time::sleep_until(timer) => {
                if ends.is_some() {
                    break;
                }
                warning = None;
                ends = Some(Instant::now() + WARNED);
                Message::text(goodbye("warning"))
            }
        };
        if sink.send(said).await.is_err() {
            return;
        }
    }
    // The app may have gone first.
    let _closed = sink.send(Message::Close(None)).await;
}

/// Nothing is said and nothing is heard until the app goes.
async fn hush(
    stream: &mut (impl Stream<Item = Result<Message, axum::Error>> + Unpin),
    orders: &mut mpsc::UnboundedReceiver<SocketOrder>,
) {
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(SocketOrder::Say(_) | SocketOrder::Hush) => {}
                Some(SocketOrder::Leave(..) | SocketOrder::Drop) | None => return,
            },
            heard = stream.next() => match heard {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
        }
    }
}
