//! Tocsin's API: the domain and its GraphQL face; the only writer of domain tables.
//!
//! A request enters by `http` and is given a `viewer::Viewer`. A resolver in `graphql` takes its input, calls one function of the
//! nouns below, and converts what comes back. The nouns hold the rules and the stores, and name no GraphQL type. An incident changes in
//! `incident::apply` alone.

mod actor;
mod api_key;
mod audit;
pub mod bootstrap;
mod connector;
mod data_loader;
mod error;
mod event;
mod graphql;
mod http;
mod idempotency;
mod identity;
mod incident;
mod limits;
mod loaders;
mod moment;
mod operation;
mod organization;
mod paging;
mod patch;
mod postmortem;
mod request;
pub mod restore;
mod search;
mod service;
mod slack_channel;
mod template;
mod tenant;
mod timeline;
mod timer;
mod user;
mod viewer;
mod workspace;

use std::{ops::Deref, sync::Arc};

use ipnet::IpNet;
use sea_orm::DbErr;
use secrecy::SecretString;
use tocsin_clock::Clock;
use tocsin_database::{Database, DatabaseFault};
use tocsin_queue::{Queue, jobs::ReconcileIncident};
use tocsin_seal::Sealer;
use tokio_util::sync::CancellationToken;
use url::Url;

pub use self::{
    connector::connectors_held_back,
    error::{Fault, UserError, UserErrorCode},
    graphql::{Schema, bridge_sdl, sdl},
    http::Introspection,
};

/// What each kind of timer does.
const TIMERS: timer::TimerHandlers = &[&incident::END_SNOOZE];

/// What the API must be told.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// `TOCSIN_PUBLIC_URL`: the base of incident URLs.
    pub public_url: Url,
    /// `TOCSIN_BRIDGE_TOKEN`: what the Slack bridge shows. Without it no bridge is let in.
    pub bridge_token: Option<SecretString>,
    /// `TOCSIN_SECRET_KEY`: seals what Slack apps are known by. Without it no Slack workspace can be connected.
    pub sealer: Option<Sealer>,
    /// The Slack app of the server's configuration.
    pub slack: SlackAppConfig,
    /// `TOCSIN_INTROSPECTION`: who may ask about the schema itself. Default: whoever shows a key.
    pub introspection: Introspection,
    /// `TOCSIN_TRUSTED_PROXIES`: the proxies that are believed whose request they pass on. Default: none.
    pub trusted_proxies: Vec<IpNet>,
}

/// What the API knows of the server's own Slack app.
#[derive(Debug, Clone)]
pub struct SlackAppConfig {
    /// `SLACK_API_URL`: Slack's pages stand beside it.
    pub api_url: Url,
    /// `SLACK_CLIENT_ID`: without it, and its secret, nobody can install the app by OAuth.
    pub client_id: Option<String>,
    /// Whether there is a workspace of the server's own, by `SLACK_BOT_TOKEN`.
    pub has_own_workspace: bool,
}

/// Why the API could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address for Redis can't be read.
    #[error("TOCSIN_REDIS_URL is not a Redis address: {0}")]
    Redis(#[from] redis::RedisError),
}

/// The domain: what the resolvers, the timers and the followers work with.
#[derive(Debug)]
pub struct Domain {
    config: ApiConfig,
    database: Database,
    queue: Queue,
    lane: incident::Lane,
    keyring: viewer::Keyring,
    feed: event::Feed,
    timers: Arc<timer::TimerAlarm>,
    loaders: loaders::Loaders,
    clock: Clock,
}

impl Domain {
    /// What it was told.
    pub fn config(&self) -> &ApiConfig {
        &self.config
    }

    /// Its database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    pub(crate) fn keyring(&self) -> &viewer::Keyring {
        &self.keyring
    }

    /// Somebody's rights have become less. Called after the commit, before the answer.
    pub(crate) fn rights_became_less(&self) {
        self.keyring.forget();
        self.feed.bell().ring_rights();
    }

    pub(crate) fn feed(&self) -> &event::Feed {
        &self.feed
    }

    /// What time it is, for whatever is written.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Reads rows by their keys, many requests' together.
    pub(crate) fn loaders(&self) -> &loaders::Loaders {
        &self.loaders
    }

    /// What wakes the timers.
    pub(crate) fn timers(&self) -> &timer::TimerAlarm {
        &self.timers
    }

    pub(crate) fn lane(&self) -> &incident::Lane {
        &self.lane
    }

    /// The address under which people open an incident.
    pub(crate) fn incident_url(&self, number: i64) -> String {
        format!(
            "{}/incidents/{number}",
            self.config.public_url.as_str().trim_end_matches('/')
        )
    }
}

/// By how much this machine's clock is ahead of the database's; none where both are one clock, as with SQLite.
///
/// # Errors
/// The database's own, or that it took too long.
pub async fn clock_ahead_of(database: &Database) -> Result<Option<time::Duration>, DbErr> {
    if database.is_sqlite() {
        return Ok(None);
    }
    let clock = Clock::new();
    clock.look(database.read()).await?;
    Ok(clock.machine_ahead())
}

/// The API, started. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    domain: Arc<Domain>,
    schema: Schema,
    /// Cancelled when the process is to end.
    closing: CancellationToken,
}

impl Deref for Api {
    type Target = Domain;

    fn deref(&self) -> &Domain {
        &self.domain
    }
}

impl Api {
    /// Starts the API over an open, migrated database, and asks it what time it is.
    ///
    /// # Errors
    /// [`StartError`], where `redis_url` can't be read. That Redis is down at the moment is no error.
    pub async fn new(
        config: ApiConfig,
        database: Database,
        queue: Queue,
        redis_url: Option<String>,
    ) -> Result<Self, StartError> {
        let feed = event::Feed::new(database.clone(), redis_url.as_deref())?;
        let bell = feed.bell();
        let jobs = queue.clone();
        let timers = Arc::new(timer::TimerAlarm::default());
        let alarm = Arc::clone(&timers);
        let clock = Clock::new();
        if let Err(error) = clock.look(database.write()).await {
            tracing::warn!("the database has not said yet what time it is: {error}");
        }
        let lane = incident::Lane::open(database.clone(), clock.clone(), move |order, applied| {
            incident::tell_log(order, applied);
            if let Some(due_at) = applied.timer_due_at {
                alarm.set(due_at);
            }
            bell.ring(applied.incident.organization_id);
            jobs.ring(&ReconcileIncident {
                incident_id: applied.incident.id.to_string(),
                organization_id: applied.incident.organization_id.to_string(),
                version: applied.incident.version,
                request_id: order.actor.request_id.clone(),
            });
        });
        let loaders = loaders::loaders(database.clone(), config.slack.has_own_workspace);
        let domain = Arc::new(Domain {
            config,
            database,
            queue,
            lane,
            keyring: viewer::Keyring::default(),
            feed,
            timers,
            loaders,
            clock,
        });
        let schema = graphql::build(&domain);
        Ok(Self {
            domain,
            schema,
            closing: CancellationToken::new(),
        })
    }

    /// The schema, to execute requests on.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Everything that is served over HTTP. Sockets say goodbye once [`Api::run`] is told to end.
    pub fn router(&self) -> axum::Router {
        http::router(self.clone(), self.closing.clone())
    }

    /// Fires timers, follows the event log and what other replicas change of rights, forgets old idempotency keys, and seals anew what is sealed under an earlier key, until `shutdown`.
    pub async fn run(&self, shutdown: CancellationToken) {
        tokio::join!(
            self.domain.clock.keep(self.database.write(), shutdown.clone()),
            timer::run(&self.domain, TIMERS, shutdown.clone()),
            self.domain.feed.run(&self.domain.keyring, shutdown.clone()),
            idempotency::run(&self.domain, shutdown.clone()),
            viewer::follow(&self.domain, shutdown.clone()),
            user::carry_over(&self.domain, shutdown.clone()),
            workspace::reseal(&self.domain, shutdown.clone()),
            async {
                shutdown.cancelled().await;
                self.closing.cancel();
            },
        );
    }

    /// By how much this machine's clock is ahead of the database's; none before it has been asked.
    pub fn clock_ahead(&self) -> Option<time::Duration> {
        self.clock.machine_ahead()
    }

    /// Why the queue is not used, since when, and what to do; `None` while it works. Requests are served without it.
    pub fn queue_trouble(&self) -> Option<String> {
        self.queue.trouble()
    }

    /// Whether requests can be served: the database can be written.
    ///
    /// # Errors
    /// What is wrong and what to do, in words.
    pub async fn ready(&self) -> Result<(), String> {
        self.database
            .probe_write()
            .await
            .map_err(|error| DatabaseFault::explain("the database", &error))
    }
}
