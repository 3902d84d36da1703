//! GraphQL over WebSocket.

use std::{sync::atomic::Ordering, time::Duration};

use futures::{SinkExt, StreamExt};
use serde_json::{Value as Json, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::served::Served;
use crate::http::endpoint::TransportSettings;

/// Longest wait for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    async fn connect_with(served: &Served, headers: &[(&'static str, &str)]) -> Self {
        let mut request = format!("ws://{}/graphql", served.address)
            .into_client_request()
            .expect("a request");
        for (name, value) in headers {
            let value = value.parse().expect("a header value");
            request.headers_mut().insert(*name, value);
        }
        let (socket, _) = connect_async(request).await.expect("a connection");
        Self(socket)
    }

    pub(super) async fn connect(served: &Served) -> Self {
        Self::connect_with(served, &[("sec-websocket-protocol", "graphql-transport-ws")]).await
    }

    /// Connected and let in.
    pub(super) async fn initialised(served: &Served, key: &str) -> Self {
        let mut client = Self::connect(served).await;
        let payload = json!({"Authorization": format!("Bearer {key}")});
        client
            .send(json!({"type": "connection_init", "payload": payload}))
            .await;
        assert_eq!(client.receive().await, json!({"type": "connection_ack"}));
        client
    }

    pub(super) async fn send(&mut self, message: Json) {
        self.0
            .send(Message::text(message.to_string()))
            .await
            .expect("to send");
    }

    pub(super) async fn subscribe(&mut self, id: &str, query: &str) {
        self.send(json!({"id": id, "type": "subscribe", "payload": {"query": query}}))
            .await;
    }

    async fn frame(&mut self) -> Message {
        tokio::time::timeout(PATIENCE, self.0.next())
            .await
            .expect("a frame in time")
            .expect("an open socket")
            .expect("a sound frame")
    }

    pub(super) async fn receive(&mut self) -> Json {
        loop {
            match self.frame().await {
                Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                Message::Ping(_) | Message::Pong(_) => {}
                other @ (Message::Binary(_) | Message::Close(_) | Message::Frame(_)) => {
                    panic!("expected a text, got {other:?}")
                }
            }
        }
    }

    /// Whether a text comes rather than the end.
    pub(super) async fn receive_or_close(&mut self) -> bool {
        loop {
            match self.frame().await {
                Message::Text(_) => return true,
                Message::Close(_) => return false,
                Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_) => {}
            }
        }
    }

    /// The code and reason the server closes with.
    pub(super) async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.frame().await {
                Message::Close(Some(frame)) => {
                    return (frame.code.into(), frame.reason.to_string());
                }
                Message::Ping(_) | Message::Pong(_) | Message::Text(_) => {}
                other @ (Message::Binary(_) | Message::Close(None) | Message::Frame(_)) => {
                    panic!("expected a close, got {other:?}")
                }
            }
        }
    }
}

fn quick() -> TransportSettings {
    TransportSettings {
        init_within: Duration::from_millis(200),
        ping_every: Duration::from_millis(100),
        stall_max: Duration::from_millis(300),
        recheck: Duration::from_millis(50),
        ..TransportSettings::default()
    }
}

#[tokio::test]
async fn queries_mutations_and_subscriptions_are_answered() {
    let served = Served::start().await;
    let mut client = Client::initialised(&served, "good").await;
    for (query, data) in [
        ("{ hello }", json!({"hello": "hello you"})),
        ("mutation { set(to: 3) }", json!({"set": 3})),
        ("subscription { count(to: 1) }", json!({"count": 1})),
    ] {
        client.subscribe("1", query).await;
        assert_eq!(
            client.receive().await,
            json!({"id": "1", "type": "next", "payload": {"data": data}})
        );
        assert_eq!(client.receive().await, json!({"id": "1", "type": "complete"}));
    }
}

#[tokio::test]
async fn request_errors_are_an_error_message_and_the_socket_stays_open() {
    let served = Served::start().await;
    let mut client = Client::initialised(&served, "good").await;
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription($n: Int!) { count(to: $n) }", "BAD_USER_INPUT"),
        ("subscription { refuses }", "INTERNAL_ERROR"),
        ("subscription { panics }", "INTERNAL_ERROR"),
        ("{ panics }", "INTERNAL_ERROR"),
    ] {
        client.subscribe("1", query).await;
        let message = client.receive().await;
        assert_eq!(message["type"], "error", "{query}: {message}");
        assert_eq!(message["payload"][0]["extensions"]["code"], code, "{query}");
        assert!(message["payload"][0]["extensions"]["requestId"].is_string());
    }
    client.send(json!({"type": "ping", "payload": {"n": 1}})).await;
    assert_eq!(
        client.receive().await,
        json!({"type": "pong", "payload": {"n": 1}})
    );
}

#[tokio::test]
async fn a_socket_that_never_initialises_is_closed_with_4408() {
    let served = Served::start_with(quick()).await;
    let mut client = Client::connect(&served).await;
    assert_eq!(client.closed().await.0, 4408);
}

#[tokio::test]
async fn who_is_not_let_in_is_closed_with_4401() {
    let served = Served::start().await;
    let mut early = Client::connect(&served).await;
    early.subscribe("1", "{ hello }").await;
    assert_eq!(early.closed().await, (4401, "Unauthorized".to_owned()));

    for payload in [
        json!({}),
        json!({"Authorization": "Bearer bad"}),
        json!({"headers": {"authorization": "Basic x"}}),
    ] {
        let mut client = Client::connect(&served).await;
        client
            .send(json!({"type": "connection_init", "payload": payload}))
            .await;
        assert_eq!(client.closed().await.0, 4401);
    }
}

#[tokio::test]
async fn the_key_is_taken_from_the_payload_or_the_upgrade() {
    let served = Served::start().await;
    for payload in [
        json!({"authorization": "Bearer good"}),
        json!({"headers": {"Authorization": "bearer good"}}),
    ] {
        let mut client = Client::connect_with(
            &served,
            &[
                ("sec-websocket-protocol", "graphql-transport-ws"),
                ("authorization", "Bearer bad"),
            ],
        )
        .await;
        client
            .send(json!({"type": "connection_init", "payload": payload}))
            .await;
        assert_eq!(client.receive().await["type"], "connection_ack");
    }
    let mut client = Client::connect_with(
        &served,
        &[
            ("sec-websocket-protocol", "graphql-transport-ws"),
            ("authorization", "Bearer bad"),
        ],
    )
    .await;
    client.send(json!({"type": "connection_init"})).await;
    assert_eq!(client.closed().await.0, 4401);
}

#[tokio::test]
async fn a_second_init_is_closed_with_4429() {
    let served = Served::start().await;
    let mut client = Client::initialised(&served, "good").await;
    client.send(json!({"type": "connection_init"})).await;
    assert_eq!(
        client.closed().await,
        (4429, "Too many initialisation requests".to_owned())
    );
}

#[tokio::test]
async fn an_id_that_is_taken_is_closed_with_4409_and_one_that_is_free_again_is_not() {
    let served = Served::start().await;
    let mut client = Client::initialised(&served, "good").await;
    client.subscribe("1", "subscription { idle }").await;
    served.open_subscriptions(1).await;
    client.send(json!({"id": "1", "type": "complete"})).await;
    served.open_subscriptions(0).await;
    client.subscribe("1", "subscription { idle }").await;
    served.open_subscriptions(1).await;
    client.subscribe("1", "subscription { idle }").await;
    assert_eq!(
        client.closed().await,
        (4409, "Subscriber for 1 already exists".to_owned())
    );
    served.open_subscriptions(0).await;
}

#[tokio::test]
async fn an_invalid_message_is_closed_with_4400() {
    let served = Served::start().await;
    let long = format!(r#"{{"type":"{}"}}"#, "x".repeat(500));
    for text in [
        "",
        "no json",
        "[]",
        r#"{"type":"start"}"#,
        r#"{"id":"1","type":"subscribe"}"#,
        &long,
    ] {
        let mut client = Client::initialised(&served, "good").await;
        client.0.send(Message::text(text)).await.expect("to send");
        let (code, reason) = client.closed().await;
        assert_eq!(code, 4400, "{text}");
        assert!(reason.len() <= 123, "{reason}");
    }
    let mut client = Client::initialised(&served, "good").await;
    client.0.send(Message::binary(vec![1])).await.expect("to send");
    assert_eq!(client.closed().await.0, 4400);
}

#[tokio::test]
async fn a_message_that_is_too_large_is_closed_with_1009() {
    let served = Served::start().await;
    let mut client = Client::initialised(&served, "good").await;
    let text = "x".repeat(TransportSettings::default().message_bytes_max + 1);
    client.0.send(Message::text(text)).await.expect("to send");
    assert_eq!(client.closed().await.0, 1009);
}

#[tokio::test]
async fn another_subprotocol_or_none_is_closed_with_4406() {
    let served = Served::start().await;
    for headers in [vec![], vec![("sec-websocket-protocol", "graphql-ws")]] {
        let mut client = Client::connect_with(&served, &headers).await;
        assert_eq!(
            client.closed().await,
            (4406, "Subprotocol not acceptable".to_owned())
        );
    }
}

#[tokio::test]
async fn a_silent_client_that_answers_pings_stays_connected_and_a_dead_one_does_not() {
    // Long enough for a busy machine to answer, since two pings without an answer are the end.
    let served = Served::start_with(TransportSettings {
        ping_every: Duration::from_secs(1),
        init_within: Duration::from_secs(1),
        ..quick()
    })
    .await;
    let mut silent = Client::initialised(&served, "good").await;
    silent.subscribe("1", "subscription { idle }").await;
    let mut dead = Client::initialised(&served, "good").await;
    dead.subscribe("1", "subscription { idle }").await;
    served.open_subscriptions(2).await;
    // Reading is what answers pings: the dead one's are left unread.
    let pings = async {
        for _ in 0..5 {
            assert!(matches!(silent.frame().await, Message::Ping(_)));
        }
    };
    pings.await;
    served.open_subscriptions(1).await;
    silent.subscribe("2", "{ hello }").await;
    assert_eq!(silent.receive().await["payload"]["data"]["hello"], "hello you");
}

#[tokio::test]
async fn a_client_that_stops_reading_is_disconnected() {
    let served = Served::start_with(TransportSettings {
        ping_every: Duration::from_secs(60),
        ..quick()
    })
    .await;
    let mut client = Client::initialised(&served, "good").await;
    client.subscribe("1", "subscription { flood }").await;
    served.open_subscriptions(1).await;
    served.open_subscriptions(0).await;
}

#[tokio::test]
async fn a_socket_has_a_hundred_operations_at_most() {
    let served = Served::start().await;
    let mut client = Client::initialised(&served, "good").await;
    for n in 0..100 {
        client.subscribe(&n.to_string(), "subscription { idle }").await;
    }
    served.open_subscriptions(100).await;
    client.subscribe("one more", "{ hello }").await;
    let message = client.receive().await;
    assert_eq!(message["type"], "error");
    assert_eq!(message["payload"][0]["extensions"]["code"], "TOO_MANY_OPERATIONS");
    drop(client);
    served.open_subscriptions(0).await;
}

#[tokio::test]
async fn the_subscriptions_of_a_revoked_key_end() {
    let served = Served::start_with(quick()).await;
    let mut client = Client::initialised(&served, "revocable").await;
    let mut other = Client::initialised(&served, "good").await;
    client.subscribe("1", "subscription { idle }").await;
    other.subscribe("1", "subscription { idle }").await;
    served.open_subscriptions(2).await;
    served.revoked.store(true, Ordering::SeqCst);
    assert_eq!(client.closed().await, (4401, "The key is not valid.".to_owned()));
    served.open_subscriptions(1).await;
}

#[tokio::test]
async fn sockets_are_told_when_the_server_shuts_down() {
    let served = Served::start().await;
    let mut client = Client::initialised(&served, "good").await;
    served.shutdown.cancel();
    assert_eq!(client.closed().await.0, 1001);
}

#[tokio::test]
async fn a_client_that_offers_both_subprotocols_may_speak_the_older() {
    let served = Served::start().await;
    let offers = "graphql-ws, graphql-transport-ws";
    let mut client = Client::connect_with(
        &served,
        &[
            ("sec-websocket-protocol", offers),
            ("authorization", "Bearer good"),
        ],
    )
    .await;
    client.send(json!({"type": "connection_init"})).await;
    assert_eq!(client.receive().await, json!({"type": "connection_ack"}));
    let start = |query: &str| json!({"id": "1", "type": "start", "payload": {"query": query}});
    client.send(start("subscription { count(to: 1) }")).await;
    assert_eq!(
        client.receive().await,
        json!({"id": "1", "type": "data", "payload": {"data": {"count": 1}}})
    );
    assert_eq!(client.receive().await, json!({"id": "1", "type": "complete"}));
    client.send(start("{ nothing }")).await;
    assert_eq!(
        client.receive().await["payload"]["extensions"]["code"],
        "GRAPHQL_VALIDATION_FAILED"
    );
    client.send(start("subscription { idle }")).await;
    served.open_subscriptions(1).await;
    client.send(json!({"id": "1", "type": "stop"})).await;
    assert_eq!(client.receive().await, json!({"id": "1", "type": "complete"}));
    served.open_subscriptions(0).await;
    client.subscribe("2", "{ hello }").await;
    assert_eq!(client.receive().await["type"], "next");
    client.send(json!({"type": "connection_terminate"})).await;
    let end = client.closed().await;
    assert_eq!(end.0, 1000);
}
