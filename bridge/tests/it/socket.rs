//! Socket Mode: what people do comes down WebSockets, and none of it is lost or doubled when these end.

use std::time::Duration;

use tocsin_bridge::{Bridge, SocketConfig};
use tocsin_simulator::{Fault, FaultKind, Simulator, SimulatorConfig};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{outbound::stage::PATIENCE, roundtrip::Scene, transport::Transport};

/// Slack waits for a minute before its second retry, which is for the real one.
fn tireless(config: &mut SimulatorConfig) {
    config.retry_delays = vec![Duration::from_millis(100); 300];
}

/// Another bridge over the same database, in Socket Mode; it ends with the guard.
async fn another_bridge(
    scene: &Scene,
    connections: u8,
    silence_max: Option<Duration>,
) -> (Bridge, DropGuard) {
    let world = &scene.stage.world;
    let mut config = world.config.clone();
    let mut socket = SocketConfig::new(scene.slack().app_token().into(), connections);
    socket.silence_max = silence_max.unwrap_or(socket.silence_max);
    config.slack.socket = Some(socket);
    let bridge = Bridge::new(config, world.database.clone(), world.queue.clone())
        .await
        .expect("a bridge");
    let stop = CancellationToken::new();
    let (running, stopped) = (bridge.clone(), stop.clone());
    tokio::spawn(async move { running.run(stopped).await });
    (bridge, stop.drop_guard())
}

/// A workspace in Socket Mode, and a bridge with two connections to it.
struct Sockets {
    scene: Scene,
}

impl Sockets {
    async fn set() -> Self {
        Self {
            scene: Scene::with(Transport::Socket, tireless).await,
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
    config.slack.socket = Some(SocketConfig::new("xapp-1-of-another-app".into(), 1));
    let bridge = Bridge::new(config, world.database.clone(), world.queue.clone())
        .await
        .expect("a bridge");
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let running = bridge.clone();
    tokio::spawn(async move { running.run(stopped).await });
    let _stop = stop.drop_guard();
    let told = async {
        loop {
            match bridge.socket_mode_trouble() {
                Some(told) => return told,
                None => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    };
    let told = tokio::time::timeout(PATIENCE, told).await.expect("a refusal");
    assert!(
        told.contains("invalid_auth") && told.contains("SLACK_APP_TOKEN"),
        "{told}"
    );
    assert_eq!(bridge.ready().await, Ok(()));
    scene.slack().set_socket_mode(false);
    let alice = scene.slack().person("alice");
    alice
        .reply("incidents", &scene.root, "by the address")
        .expect("a reply");
    scene.until_comments(1).await;
    assert_eq!(scene.slack().sockets(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_on_which_slack_falls_silent_is_given_up_for_another() {
    let pinging = |config: &mut SimulatorConfig| {
        tireless(config);
        config.ping_every = Duration::from_millis(100);
    };
    let scene = Scene::with(Transport::Http, pinging).await;
    scene.slack().set_socket_mode(true);
    let silence_max = Some(Duration::from_secs(2));
    let (_bridge, _stop) = another_bridge(&scene, 2, silence_max).await;
    scene.stage.until_sockets(2).await;
    scene.slack().hush_sockets();
    let sockets = Sockets { scene };
    sockets.reply("is anybody there?");
    sockets.has_comments(&["is anybody there?".to_owned()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_stored_when_a_bridge_ends_is_neither_lost_nor_doubled() {
    let mut sockets = Sockets::set().await;
    let world = &sockets.scene.stage.world;
    // Nothing is stored meanwhile.
    let held = world.database.begin_write().await.expect("the database");
    let expected = ["one", "three", "two"].map(str::to_owned);
    for text in &expected {
        sockets.reply(text);
    }
    until(sockets.slack(), "requests at work", |slack| {
        slack.unacknowledged() == 3
    })
    .await;
    let ending = sockets.scene.stage.stopping();
    drop(held);
    ending.await.expect("an orderly end");
    sockets.scene.stage.until_sockets(0).await;
    let _another = another_bridge(&sockets.scene, 1, None).await;
    sockets.has_comments(&expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bridge_could_not_acknowledge_before_its_end_is_taken_by_another_once() {
    let mut sockets = Sockets::set().await;
    let world = &sockets.scene.stage.world;
    let held = world.database.begin_write().await.expect("the database");
    sockets.reply("one");
    sockets.reply("two");
    until(sockets.slack(), "requests at work", |slack| {
        slack.unacknowledged() == 2
    })
    .await;
    let ending = sockets.scene.stage.stopping();
    // Too late for the connections; what was begun is stored all the same, and comes again.
    until(sockets.slack(), "no connection", |slack| slack.sockets() == 0).await;
    drop(held);
    ending.await.expect("an orderly end");
    let _another = another_bridge(&sockets.scene, 1, None).await;
    sockets.has_comments(&["one".to_owned(), "two".to_owned()]).await;
    sockets.reply("zero");
    sockets
        .has_comments(&["one".to_owned(), "two".to_owned(), "zero".to_owned()])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_share_what_comes_and_work_each_request_once() {
    let mut sockets = Sockets::set().await;
    let _replica = another_bridge(&sockets.scene, 2, None).await;
    sockets.scene.stage.until_sockets(4).await;
    let mut expected: Vec<_> = (10..22).map(|number| format!("reply {number}")).collect();
    for text in &expected {
        sockets.reply(text);
    }
    let alice = sockets.slack().person("alice");
    let pressed = alice.click("incidents", &sockets.scene.root, "acknowledge").await;
    assert_eq!(pressed.expect("a press").error, None);
    sockets.has_comments(&expected).await;
    sockets
        .scene
        .stage
        .until_version(sockets.scene.incident, 14)
        .await;
    // One of them goes: the other has all.
    sockets.scene.stage.stop().await;
    sockets.scene.stage.until_sockets(2).await;
    sockets.reply("to the other");
    expected.push("to the other".to_owned());
    sockets.has_comments(&expected).await;
    let entries = sockets.scene.stage.tracker.entries(sockets.scene.incident);
    let acknowledged = entries.iter().filter(|entry| entry["kind"] == "ACKNOWLEDGED");
    assert_eq!(acknowledged.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_slack_has_trouble_of_its_own_a_connection_is_tried_again() {
    let scene = Scene::set(Transport::Http).await;
    scene.slack().set_socket_mode(true);
    let open = |kind| Fault::on("apps.connections.open", kind);
    let internal = FaultKind::Error {
        error: "internal_error".to_owned(),
    };
    scene.slack().add_fault(open(internal).times(2));
    scene
        .slack()
        .add_fault(open(FaultKind::HttpError { status: 503 }));
    scene
        .slack()
        .add_fault(open(FaultKind::RateLimited { retry_after: 1 }));
    let (bridge, _stop) = another_bridge(&scene, 1, None).await;
    scene.stage.until_sockets(1).await;
    let sockets = Sockets { scene };
    sockets.reply("at last");
    sockets.has_comments(&["at last".to_owned()]).await;
    assert_eq!(bridge.socket_mode_trouble(), None);
    assert_eq!(sockets.scene.stage.calls("apps.connections.open"), 5);
}
