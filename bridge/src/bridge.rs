//! The bridge as a whole: its parts are made here, and run and stop together.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tocsin_client::{ApiCaller, ApiClient};
use tocsin_clock::Clock;
use tocsin_database::{Database, DatabaseFault};
use tocsin_queue::{Queue, Worker};
use tocsin_slack_client::Http;
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use crate::{
    acting::Acting,
    background::{follow, leads, sweep},
    config::BridgeConfig,
    connector::Connectors,
    directory::Directory,
    features::{comments, home, install, operation, restore, unfurl},
    identity::IdentityService,
    inbound::{self, Inbound},
    links::IncidentLinks,
    mirror::{Mirror, deliver::DeliveryService, digest::DigestMirror},
    origin::Origins,
    parts::Parts,
    reception::Receptions,
    restore_watch::RestoreWatch,
    rich_text::{ChannelNames, RichText},
    routes,
    sharing::ChannelSharing,
    sighting::SightingService,
    store::{Lane, Leases, probe},
    telemetry,
    workspace::{
        Setting, SocketTroubles, Workspace, Workspaces,
        apps::{AppClients, Apps},
    },
    workspace_sync::{HealthRecord, TokenRotator, WorkspaceKeeper, WorkspaceSync},
};

/// Jobs of each kind that run at the same time: they wait for Slack and for the API most of the time.
const CONCURRENCY: usize = 48;

/// Who the bridge is to the API.
const CALLER: ApiCaller = ApiCaller {
    user_agent: concat!("tocsin-bridge/", env!("CARGO_PKG_VERSION")),
    credential: "TOCSIN_BRIDGE_TOKEN",
    requests_metric: Some("tocsin_bridge_api_requests_total"),
    uses_proxy: true,
};

/// The Slack bridge. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bridge {
    pub(crate) parts: Arc<Parts>,
    inbound: Arc<Inbound>,
    digests: DigestMirror,
    keeper: WorkspaceKeeper,
    leases: Leases,
    mirror: Mirror,
}

/// Why the bridge could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The HTTP client could not be built, for want of a TLS provider or of root certificates.
    #[error("no HTTP client: {0}")]
    Http(#[from] reqwest::Error),
}

impl Bridge {
    /// Sets the bridge up. Neither Slack nor the API need be there yet.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    #[expect(clippy::unused_async, reason = "setting up may come to need the database")]
    pub async fn new(config: BridgeConfig, database: Database, queue: Queue) -> Result<Self, StartError> {
        Self::with_clock(config, database, queue, Clock::new())
    }

    /// The same by another clock, which the bridge keeps while it runs.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn with_clock(
        config: BridgeConfig,
        database: Database,
        queue: Queue,
        clock: Clock,
    ) -> Result<Self, StartError> {
        telemetry::describe();
        let http = Http::new(&config.slack.api_url)?;
        let setting = Setting {
            database: database.clone(),
            clock: clock.clone(),
            http: http.clone(),
            pace: config.slack.pace,
        };
        let workspaces = Workspaces::new(&setting);
        if let Some(token) = &config.slack.bot_token {
            let name = environment(&config.slack.api_url, token);
            workspaces.add(Workspace::new(&setting, None, &name, Some(token.clone())));
        }
        let api = ApiClient::new(&config.api_url, config.bridge_token.clone(), CALLER)?;
        let worker = format!("{}/{}", config.instance, Uuid::now_v7().simple());
        let lane = Lane::new(database.clone());
        let connectors = Connectors::new(clock.clone());
        // On SQLite all writes are one after another anyway: better together than in two rows.
        let inbox_lane = if database.is_sqlite() {
            lane.clone()
        } else {
            Lane::new(database.apart())
        };
        let identity = IdentityService {
            api: api.clone(),
            clock: clock.clone(),
            database: database.clone(),
            sealer: config.sealer.clone(),
        };
        let rich_text = RichText {
            identity: identity.clone(),
            channels: ChannelNames {
                clock: clock.clone(),
                database: database.clone(),
            },
        };
        let acting = Acting {
            api: api.clone(),
            http: http.clone(),
            identity: identity.clone(),
            rich_text: rich_text.clone(),
        };
        let leases = Leases::new(&worker);
        let restore = Arc::new(RestoreWatch::new(clock.now()));
        let socket_trouble = SocketTroubles::default();
        let apps = Apps::default();
        let clients = AppClients {
            apps: apps.clone(),
            servers: config.slack.client.clone(),
        };
        let sharing = ChannelSharing {
            clock: clock.clone(),
            database: database.clone(),
            lane: lane.clone(),
            queue: queue.clone(),
        };
        let directory = Directory {
            api: api.clone(),
            clock: clock.clone(),
            database: database.clone(),
            sharing: sharing.clone(),
            workspaces: workspaces.clone(),
        };
        let workspace_sync = WorkspaceSync {
            api: api.clone(),
            apps: apps.clone(),
            database: database.clone(),
            queue: queue.clone(),
            sealer: config.sealer.clone(),
            setting,
            workspaces: workspaces.clone(),
        };
        let keeper = WorkspaceKeeper {
            has_own: config.slack.bot_token.is_some(),
            record: HealthRecord {
                apps: apps.clone(),
                clock: clock.clone(),
                database: database.clone(),
                socket_trouble: socket_trouble.clone(),
                workspaces: workspaces.clone(),
            },
            rotator: TokenRotator {
                clients: clients.clone(),
                clock: clock.clone(),
                database: database.clone(),
                http: http.clone(),
                sealer: config.sealer.clone(),
                worker,
            },
            workspaces: workspaces.clone(),
        };
        let delivery = DeliveryService {
            clock: clock.clone(),
            connectors: connectors.clone(),
            database: database.clone(),
            identity: identity.clone(),
            lane: lane.clone(),
            restore: Arc::clone(&restore),
            workspaces: workspaces.clone(),
        };
        let mirror = Mirror {
            api: api.clone(),
            delivery: delivery.clone(),
            leases: leases.clone(),
            queue: queue.clone(),
            workspace_sync: workspace_sync.clone(),
        };
        let digests = DigestMirror {
            delivery: delivery.clone(),
            leases: leases.clone(),
            queue: queue.clone(),
        };
        let links = IncidentLinks {
            api: api.clone(),
            database: database.clone(),
            public_url: config.public_url.clone(),
        };
        let origins = Origins {
            clock: clock.clone(),
            lane: lane.clone(),
            queue: queue.clone(),
        };
        let sightings = SightingService {
            api: api.clone(),
            clock: clock.clone(),
            database: database.clone(),
            lane: lane.clone(),
            restore: Arc::clone(&restore),
            workspaces: workspaces.clone(),
        };
        let parts = Arc::new(Parts {
            clients,
            delivery,
            directory,
            links,
            origins,
            sharing,
            sightings,
            workspace_sync,
            identity,
            rich_text,
            acting,
            connectors,
            lane,
            restore,
            config,
            database,
            clock,
            queue,
            http,
            workspaces,
            apps,
            api,
        });
        let inbound = Inbound {
            slack: parts.config.slack.clone(),
            database: parts.database.clone(),
            clock: parts.clock.clone(),
            queue: parts.queue.clone(),
            http: parts.http.clone(),
            workspaces: parts.workspaces.clone(),
            apps: parts.apps.clone(),
            receptions: Receptions::default(),
            socket_trouble,
            lane: parts.lane.clone(),
            inbox_lane,
            registry: routes::registry(&parts),
        };
        Ok(Self {
            parts,
            inbound: Arc::new(inbound),
            digests,
            keeper,
            leases,
            mirror,
        })
    }

    /// Slack's endpoints, `/slack/*`.
    pub fn router(&self) -> axum::Router {
        inbound::router(Arc::clone(&self.inbound))
            .merge(install::router(Arc::clone(&self.parts)))
            .merge(install::sign_in::router(Arc::clone(&self.parts)))
    }

    /// Works until the shutdown, and then finishes what it has begun or hands it back.
    pub async fn run(&self, shutdown: CancellationToken) {
        // On the heap: whoever runs the bridge need not know how much it holds.
        Box::pin(self.run_parts(shutdown)).await;
    }

    async fn run_parts(&self, shutdown: CancellationToken) {
        let (parts, inbound) = (&self.parts, &self.inbound);
        let (mirror, digests) = (self.mirror.clone(), self.digests.clone());
        let inbox = Arc::clone(inbound);
        let (workspaces, operations) = (parts.workspace_sync.clone(), Arc::clone(parts));
        if let Err(error) = parts.clock.look(parts.database.write()).await {
            tracing::warn!("the database's clock cannot be read yet, and this machine's is taken: {error}");
        }
        parts.workspace_sync.look_first().await;
        let worker = Worker::new(parts.queue.clone())
            .concurrency(CONCURRENCY)
            .on(move |job, context| inbound::work(Arc::clone(&inbox), job, context))
            .on(move |job, _| {
                let mirror = mirror.clone();
                async move { mirror.reconcile(job).await }
            })
            .on(move |job, _| {
                let workspaces = workspaces.clone();
                async move { workspaces.refresh(job).await }
            })
            .on(move |job, context| operation::work(Arc::clone(&operations), job, context))
            .on(move |job, _| {
                let digests = digests.clone();
                async move { digests.refresh(job).await }
            })
            .run(shutdown.clone());
        let rounds = async {
            tokio::join!(
                parts.clock.keep(parts.database.write(), shutdown.clone()),
                inbound::tend(&parts.database, &parts.clock, shutdown.clone()),
                self.keeper.run(shutdown.clone()),
                parts.workspace_sync.follow(shutdown.clone()),
                inbound::socket::run(inbound, shutdown.clone()),
                restore::run(parts, shutdown.clone()),
                comments::history::run(parts, shutdown.clone()),
                follow::run(parts, shutdown.clone()),
                sweep::run(parts, shutdown.clone()),
                parts.connectors.run(&parts.database, shutdown.clone()),
                inbound.receptions.run(&parts.database, shutdown.clone()),
                leads::follow(parts, shutdown.clone()),
                unfurl::tend(parts, shutdown.clone()),
                home::run(parts, shutdown.clone()),
                operation::look(parts, shutdown.clone()),
                parts.directory.run(shutdown.clone()),
            )
        };
        // What is claimed is kept alive to the last job's end.
        let claims = self.leases.run(&parts.database, &parts.clock);
        let ended = tokio::select! {
            (ended, _) = async { tokio::join!(worker, rounds) } => ended,
            () = claims => Ok(()),
        };
        if let Err(error) = ended {
            tracing::error!("the bridge's worker ended: {error}");
        }
    }

    /// Whether the bridge can do its work: claim some in the database. The queue only makes it faster ([`Bridge::queue_trouble`]).
    ///
    /// # Errors
    /// What is wrong, for people.
    pub async fn ready(&self) -> Result<(), String> {
        probe::claim(&self.parts.database)
            .await
            .map_err(|error| DatabaseFault::explain("the database", &error))
    }

    /// Why the queue is not used, since when, and what to do; `None` while it works.
    pub fn queue_trouble(&self) -> Option<String> {
        self.parts.queue.trouble()
    }

    /// By how much this machine's clock is ahead of the database's; none before it has been asked.
    pub fn clock_ahead(&self) -> Option<time::Duration> {
        self.parts.clock.machine_ahead()
    }

    /// How many of Slack's requests were refused of late for their signatures, and what to do.
    pub fn refused_requests(&self) -> Option<String> {
        self.inbound.receptions.trouble()
    }

    /// Why nothing comes by Socket Mode, and what to do; `None` while it works, or is not used.
    pub fn socket_mode_trouble(&self) -> Option<String> {
        self.inbound.socket_trouble.told()
    }
}

/// Tells the rows of the environment's pace from another's, without giving the token away.
pub(crate) fn environment(api_url: &Url, token: &SecretString) -> String {
    let mut hash = Sha256::new();
    hash.update(api_url.as_str());
    hash.update(token.expose_secret());
    hex::encode(&hash.finalize()[..4])
}
