//! The bridge as a whole: its services are made here, and run and stop together.

mod services;

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

use self::services::ServiceFactory;
use crate::{
    background::DestinationFollower,
    config::BridgeConfig,
    connector::Connectors,
    features::{
        deletion, home, install,
        operation::{self, Operations},
        unfurl,
    },
    inbound::{self, Inbound},
    reception::Receptions,
    restore_watch::RestoreWatch,
    routes,
    store::{GroupWriter, Leases, probe},
    telemetry,
    workspace::{SocketTroubles, Workspace, WorkspaceServices, Workspaces, apps::Apps},
    workspace_sync::WorkspaceSync,
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
    services: ServiceFactory,
    inbound: Arc<Inbound>,
}

/// Why the bridge could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum BridgeStartError {
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
    pub async fn new(
        config: BridgeConfig,
        database: Database,
        queue: Queue,
    ) -> Result<Self, BridgeStartError> {
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
    ) -> Result<Self, BridgeStartError> {
        telemetry::describe();
        let http = Http::new(&config.slack.api_url)?;
        let setting = WorkspaceServices {
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
        let writer = GroupWriter::new(database.clone());
        // On SQLite all writes are one after another anyway: better together than in two rows.
        let inbox_lane = if database.is_sqlite() {
            writer.clone()
        } else {
            GroupWriter::new(database.apart())
        };
        let services = ServiceFactory {
            api,
            apps: Apps::default(),
            connectors: Connectors::new(clock.clone()),
            database,
            http,
            writer,
            leases: Leases::new(&worker),
            queue,
            restore: Arc::new(RestoreWatch::new(clock.now())),
            clock,
            setting,
            socket_trouble: SocketTroubles::default(),
            worker,
            workspaces,
            config,
        };
        let inbound = Inbound {
            slack: services.config.slack.clone(),
            database: services.database.clone(),
            clock: services.clock.clone(),
            queue: services.queue.clone(),
            http: services.http.clone(),
            workspaces: services.workspaces.clone(),
            apps: services.apps.clone(),
            receptions: Receptions::new(services.clock.clone()),
            socket_trouble: services.socket_trouble.clone(),
            writer: services.writer.clone(),
            inbox_lane,
            registry: routes::registry(services.features()),
        };
        Ok(Self {
            services,
            inbound: Arc::new(inbound),
        })
    }

    /// The workspaces that it works in.
    pub(crate) fn all_workspaces(&self) -> &Workspaces {
        &self.services.workspaces
    }

    /// By how much this machine's clock is ahead of Slack's, where that is more than two seconds either way.
    pub fn ahead_of_slack(&self) -> Option<time::Duration> {
        self.services.http.skew.ahead()
    }

    /// All features that handle Slack's requests.
    #[cfg(test)]
    pub(crate) fn features(&self) -> routes::Features {
        self.services.features()
    }

    /// Slack's endpoints, `/slack/*`.
    pub fn router(&self) -> axum::Router {
        inbound::router(Arc::clone(&self.inbound))
            .merge(install::router(self.services.install()))
            .merge(install::sign_in::router(self.services.sign_in()))
    }

    /// Works until the shutdown, and then finishes what it has begun or hands it back.
    pub async fn run(&self, shutdown: CancellationToken) {
        // On the heap: whoever runs the bridge need not know how much it holds.
        Box::pin(self.run_services(shutdown)).await;
    }

    async fn run_services(&self, shutdown: CancellationToken) {
        let (services, inbound) = (&self.services, &self.inbound);
        let (clock, database) = (&services.clock, &services.database);
        if let Err(error) = clock.look(database.write()).await {
            tracing::warn!("the database's clock cannot be read yet, and this machine's is taken: {error}");
        }
        let workspace_sync = services.workspace_sync();
        workspace_sync.look_first().await;
        let (census, history) = (services.channel_census(), services.comment_history());
        let (events, leads, sweeper) = (services.events(), services.leads(), services.sweeper());
        let deleted = services.deleted_messages();
        let (home, unfurl, operations) = (services.home_tabs(), services.unfurl(), services.operations());
        let (directory, keeper) = (services.directory(), services.workspace_keeper());
        let worker = self
            .worker(&workspace_sync, &operations, &leads)
            .run(shutdown.clone());
        let rounds = async {
            tokio::join!(
                clock.keep(database.write(), shutdown.clone()),
                inbound::tend(database, clock, shutdown.clone()),
                keeper.run(shutdown.clone()),
                workspace_sync.follow(shutdown.clone()),
                inbound::socket::run(inbound, shutdown.clone()),
                census.run(shutdown.clone()),
                history.run(shutdown.clone()),
                events.run(shutdown.clone()),
                sweeper.run(shutdown.clone()),
                services.connectors.run(database, shutdown.clone()),
                inbound.receptions.run(database, shutdown.clone()),
                leads.follow(shutdown.clone()),
                unfurl::tend(&unfurl, shutdown.clone()),
                deletion::run(&deleted, shutdown.clone()),
                home::run(&home, shutdown.clone()),
                operation::look(&operations, shutdown.clone()),
                directory.run(shutdown.clone()),
            )
        };
        // What is claimed is kept alive to the last job's end.
        let claims = services.leases.run(database, clock);
        let ended = tokio::select! {
            (ended, _) = async { tokio::join!(worker, rounds) } => ended,
            () = claims => Ok(()),
        };
        if let Err(error) = ended {
            tracing::error!("the bridge's worker ended: {error}");
        }
    }

    /// Who works each kind of job.
    fn worker(
        &self,
        workspace_sync: &WorkspaceSync,
        operations: &Operations,
        leads: &DestinationFollower,
    ) -> Worker {
        let inbound = Arc::clone(&self.inbound);
        let (mirror, digests) = (self.services.mirror(), self.services.digests());
        let (workspace_sync, operations, leads) = (workspace_sync.clone(), operations.clone(), leads.clone());
        Worker::new(self.services.queue.clone())
            .concurrency(CONCURRENCY)
            .on(move |job, context| inbound::work(Arc::clone(&inbound), job, context))
            .on(move |job, _| {
                let mirror = mirror.clone();
                async move { mirror.reconcile(job).await }
            })
            .on(move |job, _| {
                let workspace_sync = workspace_sync.clone();
                async move { workspace_sync.refresh(job).await }
            })
            .on(move |job, _| {
                let operations = operations.clone();
                async move { operation::work(&operations, job).await }
            })
            .on(move |job, _| {
                let leads = leads.clone();
                async move { leads.check(job).await }
            })
            .on(move |job, _| {
                let digests = digests.clone();
                async move { digests.refresh(job).await }
            })
    }

    /// Whether the bridge can do its work: claim some in the database. The queue only makes it faster ([`Bridge::queue_trouble`]).
    ///
    /// # Errors
    /// What is wrong, for people.
    pub async fn ready(&self) -> Result<(), String> {
        probe::claim(&self.services.database)
            .await
            .map_err(|error| DatabaseFault::explain("the database", &error))
    }

    /// Why the queue is not used, since when, and what to do; `None` while it works.
    pub fn queue_trouble(&self) -> Option<String> {
        self.services.queue.trouble()
    }

    /// By how much this machine's clock is ahead of the database's; none before it has been asked.
    pub fn clock_ahead(&self) -> Option<time::Duration> {
        self.services.clock.machine_ahead()
    }

    /// How many of Slack's requests were refused of late for their signatures, and what to do.
    pub fn refused_requests(&self) -> Option<String> {
        self.inbound.receptions.trouble()
    }

    /// Why nothing comes by Socket Mode, and what to do; `None` while it works, or is not used.
    pub fn socket_mode_trouble(&self) -> Option<String> {
        self.services.socket_trouble.told()
    }
}

/// Tells the rows of the environment's pace from another's, without giving the token away.
pub(crate) fn environment(api_url: &Url, token: &SecretString) -> String {
    let mut hash = Sha256::new();
    hash.update(api_url.as_str());
    hash.update(token.expose_secret());
    hex::encode(&hash.finalize()[..4])
}
