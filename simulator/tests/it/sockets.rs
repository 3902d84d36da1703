//! Socket Mode over real WebSockets: whom it lets in, what it sends down which connection, and what it sends again.

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::slack::{PATIENCE, Slack};

/// An app's end of a connection.
struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// The next thing that is said; nothing at the end.
    async fn hear(&mut self) -> Option<Value> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.unwrap() {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    async fn acknowledge(&mut self, envelope: &Value) {
        let ack = json!({"envelope_id": envelope["envelope_id"]});
        self.0.send(Message::text(ack.to_string())).await.unwrap();
    }
}

impl Slack {
    async fn in_socket_mode() -> Self {
        let slack = Self::start().await;
        slack.sim.set_socket_mode(true);
        slack
    }

    async fn open_with(&self, token: &str) -> Value {
        let url = format!("{}/apps.connections.open", self.sim.api_url());
        let request = self.http.post(url).bearer_auth(token);
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn address(&self) -> String {
        let opened = self.open_with(self.sim.app_token()).await;
        assert_eq!(opened["ok"], true, "{opened}");
        opened["url"].as_str().unwrap().to_owned()
    }

    /// A connection, and its hello.
    async fn connect(&self) -> (Socket, Value) {
        let (socket, _) = connect_async(self.address().await).await.unwrap();
        let mut socket = Socket(socket);
        let hello = socket.hear().await.unwrap();
        (socket, hello)
    }

    async fn until_sockets(&self, count: usize) {
        let waiting = async {
            while self.sim.sockets() != count {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, waiting).await.unwrap();
    }
}

#[tokio::test]
async fn only_the_app_level_token_opens_a_connection() {
    let slack = Slack::in_socket_mode().await;
    for (token, error) in [
        (slack.sim.bot_token(), "not_allowed_token_type"),
        ("xapp-1-of-another-app", "invalid_auth"),
        ("", "not_authed"),
    ] {
        let refused = slack.open_with(token).await;
        assert_eq!(refused, json!({"ok": false, "error": error}));
    }
    slack.sim.set_socket_mode(false);
    assert_eq!(slack.open_with(slack.sim.app_token()).await["ok"], false);
}

#[tokio::test]
async fn an_address_opens_one_connection() {
    let slack = Slack::in_socket_mode().await;
    let address = slack.address().await;
    let _first = connect_async(&address).await.unwrap();
    connect_async(&address).await.unwrap_err();
}

#[tokio::test]
async fn a_connection_says_hello_and_that_there_are_others() {
    let slack = Slack::in_socket_mode().await;
    let (_first, hello) = slack.connect().await;
    assert_eq!(hello["type"], "hello");
    assert_eq!(hello["num_connections"], 1);
    assert_eq!(hello["debug_info"]["approximate_connection_time"], 3_600);
    let short = format!("{}&debug_reconnects=true", slack.address().await);
    let (second, _) = connect_async(short).await.unwrap();
    let hello = Socket(second).hear().await.unwrap();
    assert_eq!(hello["num_connections"], 2);
    assert_eq!(hello["debug_info"]["approximate_connection_time"], 360);
}

#[tokio::test]
async fn an_eleventh_connection_is_sent_away() {
    let slack = Slack::in_socket_mode().await;
    let mut open = Vec::new();
    for _ in 0..10 {
        open.push(slack.connect().await);
    }
    let (mut eleventh, said) = slack.connect().await;
    assert_eq!(said["type"], "disconnect");
    assert_eq!(said["reason"], "too_many_websockets");
    assert_eq!(eleventh.hear().await, None);
    assert_eq!(slack.sim.sockets(), 10);
}

#[tokio::test]
async fn what_is_not_acknowledged_is_sent_again_and_says_so() {
    let slack = Slack::in_socket_mode().await;
    let (mut socket, _) = slack.connect().await;
    slack.sim.person("alice").post("incidents", "hello").unwrap();
    let first = socket.hear().await.unwrap();
    assert_eq!(first["type"], "events_api");
    assert_eq!(first["retry_attempt"], 0);
    let again = socket.hear().await.unwrap();
    assert_eq!(again["payload"], first["payload"]);
    assert_eq!(
        (&again["retry_attempt"], &again["retry_reason"]),
        (&json!(1), &json!("timeout"))
    );
    socket.acknowledge(&again).await;
    // What comes next is the next event, and not the first once more.
    slack.sim.person("alice").post("incidents", "and now").unwrap();
    let next = socket.hear().await.unwrap();
    assert_eq!(next["payload"]["event"]["text"], "and now");
}

#[tokio::test]
async fn what_a_cut_connection_had_not_acknowledged_goes_to_another() {
    let slack = Slack::in_socket_mode().await;
    let (mut first, _) = slack.connect().await;
    slack.sim.person("alice").post("incidents", "hello").unwrap();
    let lost = first.hear().await.unwrap();
    let (mut second, _) = slack.connect().await;
    drop(first);
    slack.until_sockets(1).await;
    let found = second.hear().await.unwrap();
    assert_eq!(found["payload"]["event_id"], lost["payload"]["event_id"]);
    second.acknowledge(&found).await;
}

#[tokio::test]
async fn connections_are_told_why_they_end() {
    let slack = Slack::in_socket_mode().await;
    let act = async |body: Value| {
        let url = slack.sim.url().join("sim/socket").unwrap();
        slack.http.post(url).json(&body).send().await.unwrap().status()
    };
    let (mut socket, _) = slack.connect().await;
    assert_eq!(act(json!({"disconnect": "whim"})).await, 400);
    assert_eq!(act(json!({"disconnect": "refresh_requested"})).await, 200);
    assert_eq!(socket.hear().await.unwrap()["reason"], "refresh_requested");
    assert_eq!(socket.hear().await, None);
    let (mut socket, _) = slack.connect().await;
    assert_eq!(act(json!({"cut": true})).await, 200);
    assert_eq!(socket.hear().await, None);
    let (mut socket, _) = slack.connect().await;
    assert_eq!(act(json!({"disconnect": "link_disabled"})).await, 200);
    assert_eq!(socket.hear().await.unwrap()["reason"], "link_disabled");
    assert_eq!(socket.hear().await, None);
    slack.until_sockets(0).await;
}
