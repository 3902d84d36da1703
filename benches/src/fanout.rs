//! One event to many subscribers.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use futures::{SinkExt, StreamExt};
use tokio::{net::TcpStream, task::JoinSet};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::{
    http::Connection,
    stack::{KEY, Stack},
};

/// Sockets opened at a time.
const OPENED_TOGETHER: usize = 50;
/// How long all subscribers may take to hear of an event.
const HEARD_WITHIN: Duration = Duration::from_secs(60);
/// Events told; the slowest of them counts.
const EVENTS: usize = 3;

/// Sockets of one key; it may have more.
const PER_KEY: usize = 2_500;

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// From sending a trigger until the last of so many subscribers has the event; the worst of three.
pub(crate) async fn measure(stack: &Stack, subscribers: usize) -> anyhow::Result<Duration> {
    let mut sockets = Vec::with_capacity(subscribers);
    while sockets.len() < subscribers {
        let key = reading_key(stack).await?;
        let of_this_key = PER_KEY.min(subscribers - sockets.len());
        for begin in (0..of_this_key).step_by(OPENED_TOGETHER) {
            let more = OPENED_TOGETHER.min(of_this_key - begin);
            let opening = (0..more).map(|_| subscribe(&stack.address, &key));
            sockets.extend(futures::future::try_join_all(opening).await?);
        }
    }
    // The last subscriptions are registered when the server has answered a ping that came after them.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut connection = Connection::open(&stack.address, KEY).await?;
    let mut worst = Duration::ZERO;
    for event in 0..EVENTS {
        let began = Instant::now();
        let mut hearing = JoinSet::new();
        for mut socket in sockets.drain(..) {
            hearing.spawn(async move {
                hear(&mut socket).await?;
                anyhow::Ok(socket)
            });
        }
        connection.trigger(&format!("Fan-out {event}")).await?;
        let heard = tokio::time::timeout(HEARD_WITHIN, async {
            let mut heard = Vec::with_capacity(subscribers);
            while let Some(socket) = hearing.join_next().await {
                heard.push(socket??);
            }
            anyhow::Ok(heard)
        });
        sockets = heard.await.context("not every subscriber heard of the event")??;
        worst = worst.max(began.elapsed());
    }
    Ok(worst)
}

/// Another key, which may read.
async fn reading_key(stack: &Stack) -> anyhow::Result<String> {
    let body = serde_json::json!({"query": "mutation { createApiKey(input: {name: \"subscriber\", scopes: [READ]}) { secret } }"});
    let mut connection = Connection::open(&stack.address, KEY).await?;
    let answer: serde_json::Value = serde_json::from_slice(connection.post(&body.to_string()).await?)?;
    let secret = answer["data"]["createApiKey"]["secret"].as_str();
    Ok(secret.with_context(|| format!("no key: {answer}"))?.to_owned())
}

pub(crate) async fn subscribe(address: &str, key: &str) -> anyhow::Result<Socket> {
    let mut request = format!("ws://{address}/graphql").into_client_request()?;
    request.headers_mut().insert(
        "Sec-WebSocket-Protocol",
        HeaderValue::from_static("graphql-transport-ws"),
    );
    let (mut socket, _) = connect_async(request).await?;
    let init = format!(r#"{{"type":"connection_init","payload":{{"Authorization":"Bearer {key}"}}}}"#);
    socket.send(Message::text(init)).await?;
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) if text.contains("connection_ack") => break,
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error.into()),
            None => bail!("the socket was closed"),
        }
    }
    let subscribe = r#"{"id":"1","type":"subscribe","payload":{"query":"subscription { incidentEvents { cursor kind incident { number status } entry { kind bodyMarkdown } } }"}}"#;
    socket.send(Message::text(subscribe)).await?;
    Ok(socket)
}

async fn hear(socket: &mut Socket) -> anyhow::Result<()> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) if text.contains("INCIDENT_TRIGGERED") => return Ok(()),
            Some(Ok(Message::Text(text))) if text.contains("\"error\"") => bail!("{text}"),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error.into()),
            None => bail!("the socket was closed"),
        }
    }
}
