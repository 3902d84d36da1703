//! A subscription over `graphql-transport-ws`.

use anyhow::{Context, bail, ensure};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::{client::Client, wait::PATIENCE};

const EVENTS: &str = "subscription($after: String) { incidentEvents(after: $after) {
    cursor kind incident { number status } entry { kind bodyMarkdown } } }";

/// An event as a subscriber sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where to resume after it.
    pub cursor: String,
    /// `INCIDENT_TRIGGERED` and so on.
    pub kind: String,
    /// Of which incident.
    pub number: i64,
}

/// A running subscription to `incidentEvents`.
#[derive(Debug)]
pub struct Subscription {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Subscription {
    /// Subscribes, to what follows a cursor or to what comes from now on.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn open(client: &Client, after: Option<&str>) -> anyhow::Result<Self> {
        let url = format!("{}/graphql", client.base().replacen("http", "ws", 1));
        let mut request = url.into_client_request()?;
        let protocol = "graphql-transport-ws".parse()?;
        request.headers_mut().insert("Sec-WebSocket-Protocol", protocol);
        let (socket, _) = connect_async(request).await.context("opening a socket")?;
        let mut subscription = Self { socket };
        let authorization = format!("Bearer {}", client.key());
        subscription
            .send(&json!({"type": "connection_init", "payload": {"Authorization": authorization}}))
            .await?;
        let answer = subscription.receive().await?;
        ensure!(answer["type"] == "connection_ack", "no acknowledgement: {answer}");
        let payload = json!({"query": EVENTS, "variables": {"after": after}});
        subscription
            .send(&json!({"type": "subscribe", "id": "1", "payload": payload}))
            .await?;
        Ok(subscription)
    }

    /// The next event.
    ///
    /// # Errors
    /// When the subscription ends, or none comes in time.
    pub async fn next(&mut self) -> anyhow::Result<Event> {
        let message = self.receive().await?;
        ensure!(message["type"] == "next", "no event but {message}");
        let event = &message["payload"]["data"]["incidentEvents"];
        Ok(Event {
            cursor: text(&event["cursor"])?,
            kind: text(&event["kind"])?,
            number: event["incident"]["number"].as_i64().context("a number")?,
        })
    }

    /// The next events, so many.
    ///
    /// # Errors
    /// As [`Subscription::next`].
    pub async fn take(&mut self, many: usize) -> anyhow::Result<Vec<Event>> {
        let mut events = Vec::new();
        while events.len() < many {
            let got = format!("after {} of {many} events", events.len());
            events.push(self.next().await.context(got)?);
        }
        Ok(events)
    }

    async fn send(&mut self, message: &Value) -> anyhow::Result<()> {
        let text = message.to_string();
        self.socket
            .send(Message::text(text))
            .await
            .context("writing to a socket")
    }

    async fn receive(&mut self) -> anyhow::Result<Value> {
        let receiving = async {
            loop {
                match self.socket.next().await.context("the socket was closed")?? {
                    Message::Text(text) => {
                        let message: Value = serde_json::from_str(&text)?;
                        if message["type"] == "ping" {
                            self.send(&json!({"type": "pong"})).await?;
                        } else {
                            return Ok(message);
                        }
                    }
                    Message::Close(why) => bail!("the server closed the socket: {why:?}"),
                    Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
                }
            }
        };
        tokio::time::timeout(PATIENCE, receiving)
            .await
            .context("nothing came over the socket")?
    }
}

fn text(value: &Value) -> anyhow::Result<String> {
    Ok(value.as_str().context("a text")?.to_owned())
}
