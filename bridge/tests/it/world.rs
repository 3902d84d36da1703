//! A bridge over a database of its own.

use std::{sync::Once, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use hmac::{Hmac, KeyInit, Mac};
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder};
use sea_orm_migration::MigratorTrait;
use serde_json::Value;
use sha2::Sha256;
use tempfile::TempDir;
use tocsin_bridge::{Bridge, BridgeConfig, Pace, SlackConfig, SocketConfig};
use tocsin_database::Database;
use tocsin_entity::slack::inbox;
use tocsin_queue::{Queue, QueueConfig};
use tocsin_simulator::{AppSender, Simulator};
use tower::ServiceExt;
use url::Url;

use crate::transport::Transport;

/// The bot's token.
pub(crate) const BOT_TOKEN: &str = "xoxb-EXAMPLE";

pub(crate) const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

/// Connections to the database.
pub(crate) const CONNECTIONS: u32 = 4;

/// A bridge over a database of its own.
pub(crate) struct World {
    pub(crate) bridge: Bridge,
    pub(crate) database: Database,
    pub(crate) queue: Queue,
    /// Where the database is, for another process.
    pub(crate) database_url: String,
    pub(crate) config: BridgeConfig,
    /// The way that requests take in Socket Mode.
    line: Option<AppSender>,
    /// Goes with the world.
    directory: Option<TempDir>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn error_code(&self) -> String {
        self.json()["error"]["code"]
            .as_str()
            .expect("an error code")
            .to_owned()
    }
}

impl World {
    /// Neither Slack nor the API answer.
    pub(crate) async fn alone() -> Self {
        let nowhere = Url::parse("http://127.0.0.1:9").expect("a URL");
        Self::between(&nowhere, &nowhere).await
    }

    pub(crate) async fn between(slack: &Url, api: &Url) -> Self {
        Self::built(slack, api, Pace::Unlimited, None).await
    }

    /// With the key under which tokens are sealed.
    pub(crate) async fn sealed(slack: &Url, api: &Url, sealer: tocsin_seal::Sealer) -> Self {
        let mut world = Self::between(slack, api).await;
        world.config.sealer = Some(sealer);
        let (config, database, queue) = (world.config.clone(), world.database.clone(), world.queue.clone());
        world.bridge = Bridge::new(config, database, queue).await.expect("a bridge");
        world
    }

    /// On PostgreSQL, with so few connections that a test can hold all of them.
    pub(crate) async fn on_postgresql() -> Self {
        let nowhere = Url::parse("http://127.0.0.1:9").expect("a URL");
        Self::in_database(on_postgresql().await, &nowhere, &nowhere, Pace::Unlimited, None).await
    }

    /// In a simulated workspace that hands its requests over by this transport.
    pub(crate) async fn within(slack: &Simulator, api: &Url, pace: Pace, transport: Transport) -> Self {
        let socket = transport.prepare(slack);
        let mut world = Self::built(&slack.api_url(), api, pace, socket).await;
        if transport == Transport::Socket {
            world.line = Some(slack.line());
        }
        world
    }

    async fn built(slack: &Url, api: &Url, pace: Pace, socket: Option<SocketConfig>) -> Self {
        if environment("TOCSIN_TEST_BRIDGE_ON").as_deref() == Some("postgresql") {
            return Self::in_database(on_postgresql().await, slack, api, pace, socket).await;
        }
        let directory = TempDir::new().expect("a directory");
        let database_url = format!("sqlite://{}", directory.path().join("tocsin.db").display());
        let mut world = Self::in_database(database_url, slack, api, pace, socket).await;
        world.directory = Some(directory);
        world
    }

    async fn in_database(
        database_url: String,
        slack: &Url,
        api: &Url,
        pace: Pace,
        socket: Option<SocketConfig>,
    ) -> Self {
        Self::install_tls();
        let database = Database::open(&database_url, CONNECTIONS)
            .await
            .expect("a database");
        tocsin_migration::Migrator::up(database.write(), None)
            .await
            .expect("migrations");
        let queue = Queue::connect(&QueueConfig::default()).await.expect("a queue");
        let config = BridgeConfig {
            sealer: None,
            api_url: api.clone(),
            bridge_token: "bridge-token".into(),
            public_url: Url::parse("https://tocsin.example.com/ops").expect("a URL"),
            slack: SlackConfig {
                api_url: slack.clone(),
                bot_token: Some(BOT_TOKEN.into()),
                client: None,
                signing_secrets: vec!["an older secret".into(), SECRET.into()],
                socket,
                pace,
            },
            instance: "test".to_owned(),
        };
        let bridge = Bridge::new(config.clone(), database.clone(), queue.clone())
            .await
            .expect("a bridge");
        Self {
            bridge,
            database,
            queue,
            database_url,
            config,
            line: None,
            directory: None,
        }
    }

    pub(crate) fn install_tls() {
        static TLS: Once = Once::new();
        TLS.call_once(|| {
            rustls::crypto::ring::default_provider()
                .install_default()
                .expect("the first provider");
        });
    }

    /// Waits until Slack has said how the workspace of `SLACK_BOT_TOKEN` is.
    pub(crate) async fn own_workspace_is_known(&self) {
        let known = async {
            while !self.bridge.workspaces().iter().any(|one| one.id == "server") {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), known)
            .await
            .expect("Slack answers");
    }

    fn router(&self) -> Router {
        self.bridge.router()
    }

    /// Posts as Slack does: to the bridge's address, or down one of its WebSockets.
    pub(crate) async fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        let body = body.into();
        if let Some(line) = &self.line {
            let answer = line.push(path, body).await.expect("an acknowledgement");
            return Answer {
                status: StatusCode::OK,
                body: String::from_utf8(answer.to_vec()).expect("text"),
            };
        }
        let now = tocsin_clock::machine_now().unix_timestamp().to_string();
        let signature = sign(SECRET, &now, &body);
        self.post_with(
            path,
            body,
            &[
                ("x-slack-request-timestamp", &now),
                ("x-slack-signature", &signature),
            ],
        )
        .await
    }

    pub(crate) async fn post_with(&self, path: &str, body: Vec<u8>, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).expect("a request");
        let response = self.router().oneshot(request).await.expect("an answer");
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        Answer {
            status,
            body: String::from_utf8(body.to_vec()).expect("text"),
        }
    }

    /// Posts an interaction as Slack does.
    pub(crate) async fn interact(&self, payload: &Value) -> Answer {
        let body = serde_urlencoded::to_string([("payload", payload.to_string())]).expect("a form");
        self.post("/slack/interactions", body).await
    }

    /// The inbox, oldest first.
    pub(crate) async fn inbox(&self) -> Vec<inbox::Model> {
        inbox::Entity::find()
            .order_by_asc(inbox::Column::Id)
            .all(self.database.read())
            .await
            .expect("the inbox")
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are told of their servers by the environment"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A database of its own, on the server that the whole of the tests have; it goes with the server.
async fn on_postgresql() -> String {
    let url = environment("TOCSIN_TEST_POSTGRES_URL")
        .expect("TOCSIN_TEST_POSTGRES_URL names a PostgreSQL server for tests");
    let server = Database::open(&url, 1).await.expect("the test server");
    let name = format!("bridge_{}", uuid::Uuid::now_v7().simple());
    server
        .write()
        .execute_unprepared(&format!("CREATE DATABASE {name}"))
        .await
        .expect("a database");
    server.close().await.expect("closed");
    let mut own = Url::parse(&url).expect("a URL");
    own.set_path(&name);
    own.into()
}

pub(crate) fn sign(secret: &str, timestamp: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(format!("v0:{timestamp}:").as_bytes());
    mac.update(body);
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}
