//! A bridge at work between a simulated workspace and an acted API.

use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tocsin_bridge::Pace;
use tocsin_entity::{
    id::{ConnectorId, IncidentId},
    kinds::{ConnectorStatus, PostKind, PostState},
    slack::{connector, incident, post},
};
use tocsin_queue::jobs::ReconcileIncident;
use tocsin_simulator::{CallLimits, ChannelSeed, MessageSnapshot, Simulator, SimulatorConfig, Snapshot};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::tracker::Tracker;
use crate::{
    transport::{CONNECTIONS, Transport},
    world::{BOT_TOKEN, World},
};

/// Long enough for a busy machine; a test that waits so long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) slack: Simulator,
    pub(crate) tracker: Tracker,
    running: Option<(DropGuard, tokio::task::JoinHandle<()>)>,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        Self::with(CallLimits::none(), Pace::Unlimited, |_| {}).await
    }

    /// Nothing comes in.
    pub(crate) async fn with(
        limits: CallLimits,
        pace: Pace,
        change: impl FnOnce(&mut SimulatorConfig),
    ) -> Self {
        Self::over(Transport::Http, limits, pace, change).await
    }

    /// What the workspace sends comes in by this transport; over HTTP it is to be told the address.
    pub(crate) async fn over(
        transport: Transport,
        limits: CallLimits,
        pace: Pace,
        change: impl FnOnce(&mut SimulatorConfig),
    ) -> Self {
        World::install_tls();
        let mut config = SimulatorConfig {
            bot_token: BOT_TOKEN.to_owned(),
            limits,
            // Slack's are 3 s. A busy machine that runs tests takes longer, and none of these is about that.
            answer_timeout: Duration::from_secs(30),
            trigger_lives: Duration::from_secs(30),
            ..SimulatorConfig::default()
        };
        config.channels.push(ChannelSeed::public("second").with_bot());
        change(&mut config);
        let slack = Simulator::start(config).await.expect("a workspace");
        let tracker = Tracker::start().await;
        let world = World::within(&slack, &tracker.url, pace, transport).await;
        let mut stage = Self {
            world,
            slack,
            tracker,
            running: None,
        };
        stage.start();
        if transport == Transport::Socket {
            stage.until_sockets(CONNECTIONS.into()).await;
        }
        stage
    }

    /// Has the workspace send its requests to the bridge's addresses.
    pub(crate) async fn serve(&self) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let router = self.world.bridge.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        self.slack.set_callbacks(&base.parse().expect("a URL"));
        assert!(
            self.slack.verify_events_url().await,
            "the workspace accepts the address"
        );
    }

    /// Without a bridge of its own.
    pub(crate) async fn empty() -> Self {
        let mut stage = Self::set().await;
        stage.stop().await;
        stage
    }

    /// Starts the bridge.
    pub(crate) fn start(&mut self) {
        let running = CancellationToken::new();
        let (bridge, stop) = (self.world.bridge.clone(), running.clone());
        let task = tokio::spawn(async move { bridge.run(stop).await });
        self.running = Some((running.drop_guard(), task));
    }

    /// Stops the bridge in order.
    pub(crate) async fn stop(&mut self) {
        self.stopping().await.expect("an orderly end");
    }

    /// Tells the bridge to stop; what it does until then.
    pub(crate) fn stopping(&mut self) -> tokio::task::JoinHandle<()> {
        let (stop, task) = self.running.take().expect("a running bridge");
        drop(stop);
        task
    }

    /// Rings as the API does after a change.
    pub(crate) fn ring(&self, incident: IncidentId) {
        self.world.queue.enqueue(&self.job(incident));
    }

    pub(crate) fn job(&self, incident: IncidentId) -> ReconcileIncident {
        ReconcileIncident {
            incident_id: incident.to_string(),
            organization_id: self.tracker.organization.to_string(),
            version: self.tracker.version(incident),
            request_id: Some("req_test".to_owned()),
        }
    }

    /// Waits until the workspace is so.
    pub(crate) async fn until(&self, so: impl Fn(&Snapshot) -> bool) {
        self.slack
            .wait_until(so, PATIENCE)
            .await
            .expect("the workspace to come to be so");
    }

    /// Waits until the bridge has so many connections to Slack.
    pub(crate) async fn until_sockets(&self, count: usize) {
        let connected = async {
            while self.slack.sockets() != count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, connected)
            .await
            .expect("connections");
    }

    /// Waits until Slack shows the incident's present version.
    pub(crate) async fn until_shown(&self, id: IncidentId) {
        let version = self.tracker.version(id);
        self.until_row(id, |row| row.shown_version >= version).await;
    }

    /// Waits until the incident has come so far.
    pub(crate) async fn until_version(&self, id: IncidentId, version: i64) {
        let changed = async {
            while self.tracker.version(id) < version {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, changed).await.expect("a change");
    }

    /// Waits until the bridge's row of the incident is so.
    pub(crate) async fn until_row(
        &self,
        id: IncidentId,
        so: impl Fn(&incident::Model) -> bool,
    ) -> incident::Model {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let row = incident::Entity::find_by_id(id)
                .one(self.world.database.read())
                .await
                .expect("a row");
            if let Some(row) = row.clone().filter(&so) {
                return row;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "{row:#?}\n{:#?}",
                self.posts(id).await
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn posts(&self, id: IncidentId) -> Vec<post::Model> {
        let posts = post::Entity::find().filter(post::Column::IncidentId.eq(id));
        posts.all(self.world.database.read()).await.expect("posts")
    }

    pub(crate) async fn root(&self, id: IncidentId) -> post::Model {
        let mut roots = self.posts(id).await;
        roots.retain(|post| post.kind == PostKind::Root);
        assert_eq!(roots.len(), 1, "{roots:#?}");
        roots.remove(0)
    }

    /// Waits until the incident's message has failed or is being retried, and says why.
    pub(crate) async fn until_failing(&self, id: IncidentId) -> (PostState, String) {
        self.until_row(id, |row| row.attempts > 0).await;
        let root = self.root(id).await;
        (root.state, root.last_error.unwrap_or_default())
    }

    /// Waits until it is on record that the connector is so.
    pub(crate) async fn until_connector(
        &self,
        id: &serde_json::Value,
        status: ConnectorStatus,
    ) -> connector::Model {
        let id: ConnectorId = id.as_str().expect("an id").parse().expect("an id");
        self.until_connector_is(id, |row| row.status == status).await
    }

    /// Waits until what is on record of the connector is so.
    pub(crate) async fn until_connector_is(
        &self,
        id: ConnectorId,
        so: impl Fn(&connector::Model) -> bool,
    ) -> connector::Model {
        let found = async {
            loop {
                let row = connector::Entity::find_by_id(id)
                    .one(self.world.database.read())
                    .await;
                if let Some(row) = row.expect("a row").filter(&so) {
                    return row;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, found)
            .await
            .expect("the connector's record")
    }

    /// Waits until there are so many messages at the top level of a channel.
    pub(crate) async fn until_messages(&self, channel: &str, count: usize) {
        self.until(|_| self.messages(channel).len() == count).await;
    }

    /// The top level of a channel.
    pub(crate) fn messages(&self, channel: &str) -> Vec<MessageSnapshot> {
        let mut messages = self.slack.channel(channel).expect("a channel").messages;
        messages.retain(|message| message.is_from_app && !message.deleted);
        messages
    }

    /// The one message in `#incidents`.
    pub(crate) fn message(&self) -> MessageSnapshot {
        let mut messages = self.messages("incidents");
        assert_eq!(messages.len(), 1, "{messages:#?}");
        messages.remove(0)
    }

    /// Deletes the bot's message, as an administrator may; of the simulated workspace's people only the bot can.
    pub(crate) async fn delete_as_administrator(&self, ts: &str) {
        let channel = self.slack.channel("incidents").expect("a channel").id;
        let url = format!("{}/chat.delete", self.slack.api_url());
        let request = reqwest::Client::new().post(url).bearer_auth(BOT_TOKEN);
        let answer = request
            .json(&serde_json::json!({"channel": channel, "ts": ts}))
            .send()
            .await;
        let answer: serde_json::Value = answer.expect("an answer").json().await.expect("JSON");
        assert_eq!(answer["ok"], true, "{answer}");
    }

    /// How often a method was called.
    pub(crate) fn calls(&self, method: &str) -> usize {
        self.slack
            .calls()
            .iter()
            .filter(|call| call.method == method)
            .count()
    }
}
