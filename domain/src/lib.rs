//! The domain: rules and stores, and the only writer of domain tables.
//!
//! A use case is `noun::verb(&Request, command)`: it checks the viewer's right, then the input, and writes in one transaction. GraphQL, timers and
//! whatever comes next call the same functions; none of them is named here. An incident changes in `incident::apply` alone.

pub mod actor;
pub mod api_key;
pub mod audit;
pub mod author;
mod binding;
pub mod bootstrap;
pub mod connector;
pub mod data_loader;
pub mod delivery;
pub mod error;
pub mod event;
pub mod idempotency;
pub mod identity;
pub mod incident;
pub mod limits;
pub mod loaders;
pub mod moment;
pub mod operation;
pub mod ordering;
pub mod organization;
pub mod paging;
pub mod patch;
pub mod postmortem;
pub mod preview;
pub mod request;
pub mod restore;
mod search;
pub mod service;
pub mod session;
pub mod sign_in;
pub mod slack_channel;
pub mod template;
pub mod template_preview;
pub mod tenant;
pub mod time_range;
pub mod timeline;
mod timer;
pub mod user;
mod validation;
pub mod viewer;
pub mod workspace;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use sea_orm::DbErr;
use secrecy::SecretString;
use tocsin_clock::Clock;
use tocsin_database::{Database, DatabaseFault};
use tocsin_queue::{Queue, jobs::ReconcileIncident};
use tocsin_seal::Sealer;
use tocsin_slack_app::public_url::below;
use tokio_util::sync::CancellationToken;
use url::Url;

/// What each kind of timer does.
const TIMERS: timer::TimerHandlers = &[&incident::END_SNOOZE];

/// What the domain must be told.
#[derive(Debug, Clone)]
pub struct DomainConfig {
    /// `TOCSIN_PUBLIC_URL`: the base of incident URLs.
    pub public_url: Url,
    /// `TOCSIN_BRIDGE_TOKEN`: what the Slack bridge shows. Without it no bridge is let in.
    pub bridge_token: Option<SecretString>,
    /// `TOCSIN_SECRET_KEY`: seals what Slack apps are known by. Without it no Slack workspace can be connected.
    pub sealer: Option<Sealer>,
    /// The Slack app of the server's configuration.
    pub slack: SlackAppConfig,
}

/// What is known of the server's own Slack app.
#[derive(Debug, Clone)]
pub struct SlackAppConfig {
    /// `SLACK_API_URL`: Slack's pages stand beside it.
    pub api_url: Url,
    /// `SLACK_CLIENT_ID`: without it, and its secret, nobody can install the app by OAuth.
    pub client_id: Option<String>,
    /// Whether there is a workspace of the server's own, by `SLACK_BOT_TOKEN`.
    pub has_own_workspace: bool,
}

/// Why the domain could not be started.
#[derive(Debug, thiserror::Error)]
pub enum DomainStartError {
    /// The address for Redis can't be read.
    #[error("TOCSIN_REDIS_URL is not a Redis address: {0}")]
    Redis(#[from] redis::RedisError),
}

/// The domain: what its faces, the timers and the followers work with.
#[derive(Debug)]
pub struct Domain {
    config: DomainConfig,
    database: Database,
    queue: Queue,
    incident_writer: incident::IncidentWriter,
    keyring: viewer::Keyring,
    hub: event::EventHub,
    timers: Arc<timer::TimerAlarm>,
    loaders: loaders::RequestLoader,
    clock: Clock,
}

impl Domain {
    /// Starts the domain over an open, migrated database, and asks it what time it is.
    ///
    /// # Errors
    /// [`DomainStartError`], where `redis_url` can't be read. That Redis is down at the moment is no error.
    pub async fn start(
        config: DomainConfig,
        database: Database,
        queue: Queue,
        redis_url: Option<&str>,
    ) -> Result<Arc<Self>, DomainStartError> {
        let hub = event::EventHub::new(database.clone(), redis_url)?;
        let notifier = hub.notifier();
        let jobs = queue.clone();
        let timers = Arc::new(timer::TimerAlarm::default());
        let alarm = Arc::clone(&timers);
        let clock = Clock::new();
        if let Err(error) = clock.look(database.write()).await {
            tracing::warn!("the database has not said yet what time it is: {error}");
        }
        let incident_writer =
            incident::IncidentWriter::open(database.clone(), clock.clone(), move |order, applied| {
                incident::tell_log(order, applied);
                if let Some(due_at) = applied.timer_due_at {
                    alarm.set(due_at);
                }
                notifier.ring(applied.incident.organization_id);
                jobs.enqueue(&ReconcileIncident {
                    incident_id: applied.incident.id.to_string(),
                    organization_id: applied.incident.organization_id.to_string(),
                    version: applied.incident.version,
                    request_id: order.actor.request_id.clone(),
                });
            });
        let loaders = loaders::loaders(database.clone(), config.slack.has_own_workspace);
        Ok(Arc::new(Self {
            config,
            database,
            queue,
            incident_writer,
            keyring: viewer::Keyring::default(),
            hub,
            timers,
            loaders,
            clock,
        }))
    }

    /// Fires timers, follows the event log and what other replicas change of rights, forgets old idempotency keys, and seals anew what is sealed
    /// under an earlier key, until `shutdown`.
    pub async fn run(self: &Arc<Self>, shutdown: CancellationToken) {
        tokio::join!(
            self.clock.keep(self.database.write(), shutdown.clone()),
            timer::run(self, TIMERS, shutdown.clone()),
            self.hub.run(&self.keyring, shutdown.clone()),
            idempotency::run(self, shutdown.clone()),
            viewer::follow(self, shutdown.clone()),
            user::carry_over(self, shutdown.clone()),
            session::forget(self, shutdown.clone()),
            workspace::reseal(self, shutdown),
        );
    }

    /// What it was told.
    pub fn config(&self) -> &DomainConfig {
        &self.config
    }

    /// Its database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// The keys that were found valid.
    pub fn keyring(&self) -> &viewer::Keyring {
        &self.keyring
    }

    /// Somebody's rights have become less. Called after the commit, before the answer.
    pub(crate) fn rights_became_less(&self) {
        self.keyring.forget();
        self.hub.notifier().ring_rights();
    }

    pub(crate) fn hub(&self) -> &event::EventHub {
        &self.hub
    }

    /// What time it is, for whatever is written.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Reads rows by their keys, many requests' together.
    pub fn loaders(&self) -> &loaders::RequestLoader {
        &self.loaders
    }

    /// What wakes the timers.
    pub(crate) fn timers(&self) -> &timer::TimerAlarm {
        &self.timers
    }

    pub(crate) fn incident_writer(&self) -> &incident::IncidentWriter {
        &self.incident_writer
    }

    /// The address under which people open an incident.
    pub fn incident_url(&self, number: i64) -> String {
        below(self.config.public_url.as_str(), &format!("/incidents/{number}"))
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
