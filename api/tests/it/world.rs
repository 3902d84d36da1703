//! An API over a database of its own.

use std::{net::SocketAddr, sync::LazyLock};

use axum::Router;
use sea_orm::ConnectionTrait;
use sea_orm_migration::MigratorTrait;
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;
use tocsin_api::{Api, ApiConfig, Introspection, OidcSettings, SlackAppConfig, bootstrap};
use tocsin_database::Database;
use tocsin_queue::{Queue, QueueConfig};
use tocsin_seal::{Sealer, generate_key};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

pub(crate) use crate::caller::{Answer, Caller, Payload, text};

/// What the bridge shows.
pub(crate) const BRIDGE_TOKEN: &str = "the bridge's token, for tests";

/// Declares tests of worlds: each runs on SQLite, and on PostgreSQL where there is one.
macro_rules! on_each_database {
    ($($(#[$doc:meta])* async fn $name:ident($world:ident) $body:block)*) => {$(
        mod $name {
            #[allow(clippy::allow_attributes, unused_imports, reason = "not every test needs all of what is around it")]
            use super::*;

            async fn run($world: &$crate::world::World) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                run(&$crate::world::World::on_sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgresql() {
                if let Some(world) = $crate::world::World::on_postgresql().await {
                    run(&world).await;
                    world.end().await;
                }
            }
        }
    )*};
}
pub(crate) use on_each_database;

/// What the API and the bridge seal with.
pub(crate) fn sealer() -> Sealer {
    static KEY: LazyLock<SecretString> = LazyLock::new(generate_key);
    Sealer::new(std::slice::from_ref(&*KEY)).expect("a key")
}

/// An API over a database of its own.
pub(crate) struct World {
    pub(crate) replica: Replica,
    pub(crate) database: Database,
    admin_key: String,
    /// The database's file, or the server it is on and its name there.
    _directory: TempDir,
    server: Option<(Database, String)>,
}

/// The address of a PostgreSQL server for tests, where there is one.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told of their servers by the environment"
)]
fn postgres_url() -> Option<Url> {
    let url = std::env::var("TOCSIN_TEST_POSTGRES_URL").ok()?;
    Some(url.parse().expect("TOCSIN_TEST_POSTGRES_URL is a URL"))
}

/// A database in which nothing is yet, with the directory that holds it.
pub(crate) async fn empty_database() -> (Database, TempDir) {
    let directory = TempDir::new().expect("a directory");
    let url = format!("sqlite://{}", directory.path().join("tocsin.db").display());
    let database = Database::open(&url, 2).await.expect("a database");
    tocsin_migration::Migrator::up(database.write(), None)
        .await
        .expect("migrations");
    (database, directory)
}

/// A new database on the server: the server, the database's name and its address.
async fn new_postgres_database(url: &Url) -> (Database, String, Url) {
    let server = Database::open(url.as_str(), 1).await.expect("the test server");
    let name = format!("api_{}", Uuid::now_v7().simple());
    let create = format!("CREATE DATABASE {name}");
    server
        .write()
        .execute_unprepared(&create)
        .await
        .expect("a database");
    let mut own = url.clone();
    own.set_path(&name);
    (server, name, own)
}

impl World {
    pub(crate) async fn on_sqlite() -> Self {
        let directory = TempDir::new().expect("a directory");
        let url = format!("sqlite://{}", directory.path().join("tocsin.db").display());
        Self::over(&url, directory, None).await
    }

    pub(crate) async fn on_postgresql() -> Option<Self> {
        Self::on_postgresql_behind(async |url| url.clone()).await
    }

    /// One whose API reaches its database by another address.
    pub(crate) async fn on_postgresql_behind(way: impl AsyncFnOnce(&Url) -> Url) -> Option<Self> {
        let (server, name, own) = new_postgres_database(&postgres_url()?).await;
        let directory = TempDir::new().expect("a directory");
        let url = way(&own).await;
        Some(Self::over(url.as_str(), directory, Some((server, name))).await)
    }

    async fn over(url: &str, directory: TempDir, server: Option<(Database, String)>) -> Self {
        let database = Database::open(url, 8).await.expect("a database");
        tocsin_migration::Migrator::up(database.write(), None)
            .await
            .expect("migrations");
        let first = bootstrap::first_start(&database, &tocsin_clock::Clock::new(), None, "#incidents")
            .await
            .expect("an organisation");
        let admin_key = first.admin_key.expect("a key").expose_secret().to_owned();
        Self {
            replica: Replica::start(&database).await,
            database,
            admin_key,
            _directory: directory,
            server,
        }
    }

    /// Drops the database.
    pub(crate) async fn end(self) {
        let Self {
            replica,
            database,
            server,
            ..
        } = self;
        replica.stop.cancel();
        database.close().await.expect("closed");
        if let Some((server, name)) = server {
            let drop = format!("DROP DATABASE {name} WITH (FORCE)");
            server.write().execute_unprepared(&drop).await.expect("dropped");
        }
    }

    /// Another replica of the API over the same database.
    pub(crate) async fn another_replica(&self) -> Replica {
        Replica::start(&self.database).await
    }

    /// Another whose server has no Slack workspace of its own: the app is installed by OAuth alone.
    pub(crate) async fn without_own_workspace(&self) -> Replica {
        Replica::start_with(&self.database, false, None).await
    }

    /// Another whose people sign in with an OpenID issuer.
    pub(crate) async fn replica_with_issuer(&self, oidc: OidcSettings) -> Replica {
        Replica::start_with(&self.database, true, Some(oidc)).await
    }

    /// The first organisation's own key, which may do everything.
    pub(crate) fn admin(&self) -> Caller {
        self.caller(&self.admin_key)
    }

    /// Whoever shows this key.
    pub(crate) fn caller(&self, key: &str) -> Caller {
        Caller {
            replica: self.replica.clone(),
            bearer: Some(key.to_owned()),
            organization: None,
            on_behalf_of: None,
            session: None,
            origin: None,
        }
    }

    /// Who shows no key.
    pub(crate) fn stranger(&self) -> Caller {
        Caller {
            bearer: None,
            ..self.admin()
        }
    }

    /// The Slack bridge, about no organisation in particular.
    pub(crate) fn bridge(&self) -> Caller {
        self.caller(BRIDGE_TOKEN)
    }

    /// A second organisation's own key.
    pub(crate) async fn neighbour(&self) -> Caller {
        let (_, key) = bootstrap::create_organization(
            &self.database,
            &tocsin_clock::Clock::new(),
            "The neighbours",
            None,
        )
        .await
        .expect("an organisation");
        self.caller(key.expose_secret())
    }

    /// From now on the first organisation takes comments of people in Slack whom nothing matches with a member.
    pub(crate) async fn takes_unmatched(&self) {
        let policy = serde_json::json!({ "unmatchedPolicy": "ATTRIBUTE" });
        self.admin().change("updateSlackSettings", policy).await.done();
    }

    /// A key of the first organisation with these scopes.
    pub(crate) async fn key(&self, scopes: &[&str]) -> Caller {
        self.caller(&self.admin().make_key(scopes, None).await)
    }

    /// A new member with this role, and a key that acts as they.
    pub(crate) async fn member(&self, name: &str, role: &str) -> (String, Caller) {
        let admin = self.admin();
        let id = admin.make_user(name, role).await;
        let key = admin.make_key(&["ADMIN"], Some(&id)).await;
        (id, self.caller(&key))
    }
}

/// An API that is served. It neither fires timers nor forgets anything unless it is run.
#[derive(Clone)]
pub(crate) struct Replica {
    pub(crate) api: Api,
    pub(crate) router: Router,
    pub(crate) address: SocketAddr,
    stop: CancellationToken,
}

impl Replica {
    pub(crate) async fn start(database: &Database) -> Self {
        Self::start_with(database, true, None).await
    }

    async fn start_with(database: &Database, has_own_workspace: bool, oidc: Option<OidcSettings>) -> Self {
        let queue = Queue::connect(&QueueConfig::default()).await.expect("a queue");
        let config = ApiConfig {
            sealer: Some(sealer()),
            public_url: Url::parse("https://tocsin.example.com").expect("a URL"),
            bridge_token: Some(SecretString::from(BRIDGE_TOKEN)),
            slack: SlackAppConfig {
                api_url: Url::parse("https://slack.com/api").expect("a URL"),
                client_id: Some("1234.5678".to_owned()),
                has_own_workspace,
            },
            oidc,
            introspection: Introspection::default(),
            trusted_proxies: vec!["127.0.0.1/32".parse().expect("an address")],
        };
        let api = Api::new(config, database.clone(), queue, None)
            .await
            .expect("an API");
        let router = api.router();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let stop = CancellationToken::new();
        let service = router.clone().into_make_service_with_connect_info::<SocketAddr>();
        let serving = axum::serve(listener, service).into_future();
        tokio::spawn(stop.clone().run_until_cancelled_owned(serving));
        Self {
            api,
            router,
            address,
            stop,
        }
    }
}
