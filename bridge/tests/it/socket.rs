//! Socket Mode: what people do comes down WebSockets, and none of it is lost or doubled when these end.

use std::time::Duration;

use tocsin_bridge::{Bridge, SocketConfig};
use tocsin_simulator::{Simulator, SimulatorConfig};
use tokio_util::sync::CancellationToken;

use crate::{outbound::stage::PATIENCE, roundtrip::Scene, transport::Transport};

/// A workspace in Socket Mode, and a bridge with two connections to it.
struct Sockets {
    scene: Scene,
}

impl Sockets {
    async fn set() -> Self {
        // Slack waits for a minute before its second retry, which is for the real one.
        let patient =
            |config: &mut SimulatorConfig| config.retry_delays = vec![Duration::from_millis(100); 100];
        Self {
            scene: Scene::with(Transport::Socket, patient).await,
        }
    }

    fn slack(&self) -> &Simulator {
        self.scene.slack()
    }

    fn reply(&self, text: &str) {
        let alice = self.slack().person("alice");
        alice.reply("incidents", &self.scene.root, text).expect("a reply");
    }

    /// Waits until so many comments are there, and sees that they are these.
    async fn has_comments(&self, expected: &[String]) {
        let comments = self.scene.until_comments(expected.len()).await;
        let mut said: Vec<_> = comments.into_iter().map(|(_, body)| body).collect();
        said.sort();
        assert_eq!(said, expected);
    }
}

async fn until(slack: &Simulator, what: &str, so: impl Fn(&Simulator) -> bool) {
    let waiting = async {
        while !so(slack) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect(what);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_presses_and_commands_come_down_a_websocket() {
    let sockets = Sockets::set().await;
    sockets.reply("restarted");
    sockets.has_comments(&["restarted".to_owned()]).await;
    let alice = sockets.slack().person("alice");
    let pressed = alice
        .click("incidents", &sockets.scene.root, "acknowledge")
        .await
        .expect("a press");
    assert_eq!(pressed.error, None);
    sockets.scene.stage.until_version(sockets.scene.incident, 3).await;
    let answered = alice
        .command("incidents", "/incident", "help")
        .await
        .expect("a command");
    assert_eq!(answered.error, None);
    sockets.scene.until_told("incidents", "/incident").await;
    let kinds: Vec<_> = sockets
        .slack()
        .deliveries()
        .into_iter()
        .map(|one| (one.kind, one.failure))
        .collect();
    for kind in ["event", "interaction", "command"] {
        assert!(kinds.contains(&(kind.to_owned(), None)), "{kind}: {kinds:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_slack_renews_loses_and_doubles_nothing() {
    let sockets = Sockets::set().await;
    let mut expected = Vec::new();
    for round in 0..6 {
        for number in 0..5 {
            let text = format!("round {round}, {number}");
            sockets.reply(&text);
            expected.push(text);
        }
        let reason = if round % 2 == 0 {
            "warning"
        } else {
            "refresh_requested"
        };
        sockets.slack().disconnect_sockets(reason);
        if round == 0 {
            until(sockets.slack(), "new connections beside the old", |slack| {
                slack.sockets() == 4
            })
            .await;
        }
    }
    sockets.has_comments(&expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut_loses_and_doubles_nothing() {
    let sockets = Sockets::set().await;
    let mut expected = Vec::new();
    for round in 0..3 {
        until(sockets.slack(), "connections", |slack| slack.sockets() > 0).await;
        for number in 0..3 {
            let text = format!("round {round}, {number}");
            sockets.reply(&text);
            expected.push(text);
        }
        sockets.slack().cut_sockets();
    }
    sockets.has_comments(&expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_socket_mode_is_switched_off_slack_uses_the_addresses() {
    let sockets = Sockets::set().await;
    sockets.slack().set_socket_mode(false);
    until(sockets.slack(), "no connection", |slack| slack.sockets() == 0).await;
    sockets.reply("by the other way");
    sockets.has_comments(&["by the other way".to_owned()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_that_ends_closes_its_connections() {
    let mut sockets = Sockets::set().await;
    sockets.scene.stage.stop().await;
    until(sockets.slack(), "no connection", |slack| slack.sockets() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_slack_refuses_is_told_with_what_to_do_and_the_addresses_go_on_working() {
    let scene = Scene::set(Transport::Http).await;
    scene.slack().set_socket_mode(true);
    let world = &scene.stage.world;
    let mut config = world.config.clone();
    config.slack.socket = Some(SocketConfig {
        app_token: "xapp-1-of-another-app".into(),
        connections: 1,
    });
    let bridge = Bridge::new(config, world.database.clone(), world.queue.clone())
        .await
        .expect("a bridge");
    let told = bridge
        .check_socket_mode()
        .await
        .expect("a token")
        .expect_err("a refusal");
    assert!(
        told.contains("invalid_auth") && told.contains("SLACK_APP_TOKEN"),
        "{told}"
    );
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let running = bridge.clone();
    tokio::spawn(async move { running.run(stopped).await });
    let _stop = stop.drop_guard();
    assert_eq!(bridge.ready().await, Ok(()));
    scene.slack().set_socket_mode(false);
    let alice = scene.slack().person("alice");
    alice
        .reply("incidents", &scene.root, "by the address")
        .expect("a reply");
    scene.until_comments(1).await;
    assert_eq!(scene.slack().sockets(), 0);
}
