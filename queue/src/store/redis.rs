//! apalis' Redis storage: its layout, its push and its fetch, with scripts of our own where its fall short.

use std::{
    error::Error as StdError,
    io,
    sync::{
        Arc, LazyLock, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use apalis_core::task::{Task, builder::TaskBuilder};
use apalis_redis::{Config, queries};
use futures::StreamExt;
use redis::{
    Client, RedisError, Script,
    aio::{ConnectionManager, ConnectionManagerConfig, PubSub},
};
use secrecy::{ExposeSecret, SecretString};
use tracing::{debug, warn};

use super::{DEAD_AFTER, WorkerRegistration, new_task_id};
use crate::{
    error::QueueError,
    task::{NewTask, TakenTask, TakenTasks, now_millis},
};

/// How long Redis may take to accept a connection.
const CONNECTION_TIMEOUT: Duration = Duration::from_millis(1_500);

/// How long Redis may take to answer. Short: whoever waits goes round it after that, and nothing is lost by it.
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(1_500);

/// How long a health check may take: long enough to connect and be answered.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a waiting job keeps rings of its key away. It only has to be longer than a job usually waits: a second job of
/// one key is harmless, and should Redis lose a job but not its key, this is when rings are heard again.
const IDEMPOTENCY_TTL: Duration = Duration::from_secs(600);

/// How many delayed tasks `promote.lua` moves in one call.
const PROMOTED_AT_ONCE: u64 = 1_000;

/// How many calls of `promote.lua` precede one fetch at most, so that a flood of delayed jobs does not keep a worker from
/// working.
const PROMOTIONS_IN_A_ROW: u32 = 200;

/// How many tasks go into one push.
const PUSHED_AT_ONCE: usize = 500;

static RING: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/ring.lua")));
static PROMOTE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/promote.lua")));
static RELEASE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/release.lua")));
static FINISH: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/finish.lua")));
static HAND_BACK: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/hand_back.lua")));
static PROBE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/probe.lua")));
static BEAT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/beat.lua")));

/// Jobs in Redis.
pub(crate) struct RedisStore {
    client: Client,
    connection: RwLock<ConnectionManager>,
    namespace: String,
    /// Whether the last fetch failed, perhaps because of one task: the next ones fetch one at a time.
    suspicious: AtomicBool,
}

impl std::fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisStore")
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

impl RedisStore {
    /// Checks the URL. Redis is asked for nothing yet: it may come later.
    pub(super) fn open(url: &SecretString, namespace: &str) -> Result<Self, QueueError> {
        let client = Client::open(url.expose_secret())
            .map_err(|error| QueueError::Config(format!("the Redis URL can't be read: {error}")))?;
        Ok(Self {
            connection: RwLock::new(connect_lazily(&client)?),
            client,
            namespace: namespace.to_owned(),
            suspicious: AtomicBool::new(false),
        })
    }

    pub(super) async fn push(&self, tasks: &[NewTask]) -> Result<(), QueueError> {
        let mut by_name: Vec<(&'static str, Vec<&NewTask>)> = Vec::new();
        for task in tasks {
            match by_name.iter_mut().find(|(name, _)| *name == task.name) {
                Some((_, group)) => group.push(task),
                None => by_name.push((task.name, vec![task])),
            }
        }
        for (name, group) in by_name {
            for chunk in group.chunks(PUSHED_AT_ONCE) {
                self.push_named(name, chunk).await?;
            }
        }
        Ok(())
    }

    async fn push_named(&self, name: &'static str, tasks: &[&NewTask]) -> Result<(), QueueError> {
        let config = self.config(name);
        let mut due_now = Vec::with_capacity(tasks.len());
        let mut encoded = Vec::with_capacity(tasks.len());
        for task in tasks {
            let id = new_task_id();
            let second = task.envelope.due_second();
            if second.is_none() {
                due_now.push(id.to_string());
            }
            let payload = serde_json::to_vec(&task.envelope)
                .map_err(|source| QueueError::Encode { job: name, source })?;
            let task: Task<Vec<u8>> = TaskBuilder::new(payload)
                .task_id(id)
                .run_at_timestamp(second.unwrap_or(0))
                .idempotency_key(task.envelope.idempotency_key())
                .build();
            encoded.push(task);
        }
        let mut connection = self.connection();
        queries::push_tasks(&mut connection, &config, &encoded)
            .await
            .map_err(|error| self.failed(error))?;
        RING.key(config.scheduled_jobs_set())
            .key(config.active_jobs_list())
            .key(self.names_key())
            .arg(self.channel())
            .arg(name)
            .arg(config.queue.to_string())
            .arg(due_now)
            .invoke_async::<bool>(&mut connection)
            .await
            .map_err(|error| self.failed(error))?;
        Ok(())
    }

    pub(super) async fn take(
        &self,
        registration: &WorkerRegistration,
        limit: usize,
    ) -> Result<TakenTasks, QueueError> {
        let limit = if self.suspicious.load(Ordering::Relaxed) {
            1
        } else {
            limit
        };
        let config = self.config(registration.name).batch_size(limit);
        let mut connection = self.connection();
        let (takeable, next_due) = self.promote(&mut connection, &config, registration).await?;
        if takeable == 0 {
            return Ok(TakenTasks {
                tasks: Vec::new(),
                next_due,
            });
        }
        let fetched = match queries::fetch_next(&mut connection, &registration.worker, &config).await {
            Ok(fetched) => fetched,
            Err(error) => return Err(self.fetch_failed(registration, error, limit == 1).await),
        };
        self.suspicious.store(false, Ordering::Relaxed);
        let mut tasks = Vec::with_capacity(fetched.len());
        let mut keys = Vec::with_capacity(fetched.len());
        for task in fetched {
            let Some(id) = task.task_id().map(ToString::to_string) else {
                continue;
            };
            let key = task.idempotency_key().unwrap_or_default();
            keys.push(format!("{}:{key}", config.idempotency_key_set()));
            let crashes = u32::try_from(task.attempt()).unwrap_or(u32::MAX);
            tasks.push(TakenTask {
                id,
                payload: task.take().0,
                crashes,
            });
        }
        if !tasks.is_empty() {
            let ids: Vec<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
            RELEASE
                .key(keys)
                .arg(ids)
                .invoke_async::<bool>(&mut connection)
                .await
                .map_err(|error| self.failed(error))?;
        }
        Ok(TakenTasks { tasks, next_due })
    }

    /// Moves what is due to where it can be fetched. Returns how many tasks can be, and when the next one may.
    async fn promote(
        &self,
        connection: &mut ConnectionManager,
        config: &Config,
        registration: &WorkerRegistration,
    ) -> Result<(u64, Option<u64>), QueueError> {
        let until = now_millis() / 1_000;
        let mut calls = 0;
        loop {
            let (promoted, takeable, following) = PROMOTE
                .key(config.workers_set())
                .key(config.scheduled_jobs_set())
                .key(config.active_jobs_list())
                .arg(registration.worker.name())
                .arg(until)
                .invoke_async::<(u64, u64, i64)>(connection)
                .await
                .map_err(|error| self.failed(error))?;
            calls += 1;
            if promoted < PROMOTED_AT_ONCE || calls == PROMOTIONS_IN_A_ROW {
                return Ok((takeable, u64::try_from(following).ok()));
            }
        }
    }

    /// A failed fetch may have taken tasks all the same: they are handed back, or dropped when a single one can't be read.
    async fn fetch_failed(
        &self,
        registration: &WorkerRegistration,
        error: apalis_redis::Error,
        single: bool,
    ) -> QueueError {
        let unreadable = is_unreadable(&error);
        self.suspicious.store(unreadable, Ordering::Relaxed);
        if unreadable && single {
            warn!(
                job.name = registration.name,
                "a {} task in Redis can't be read and is dropped: {error}", registration.name
            );
            metrics::counter!("tocsin_queue_dropped_total", "job" => registration.name).increment(1);
            if let Err(error) = self.take_back(registration, &registration.held.ids(), true).await {
                debug!("the unreadable task could not be dropped yet: {error}");
            }
        }
        self.failed(error)
    }

    pub(super) async fn finish(
        &self,
        registration: &WorkerRegistration,
        ids: &[String],
    ) -> Result<(), QueueError> {
        let config = self.config(registration.name);
        FINISH
            .key(config.inflight_set_for(&registration.worker))
            .key(config.job_data_hash())
            .key(config.job_meta_hash())
            .arg(ids)
            .invoke_async::<bool>(&mut self.connection())
            .await
            .map_err(|error| self.failed(error))?;
        Ok(())
    }

    pub(super) async fn hand_back(
        &self,
        registration: &WorkerRegistration,
        held: &[String],
    ) -> Result<u64, QueueError> {
        self.take_back(registration, held, false).await
    }

    /// Takes from the worker what it does not hold, and hands it back or drops it.
    async fn take_back(
        &self,
        registration: &WorkerRegistration,
        held: &[String],
        drop: bool,
    ) -> Result<u64, QueueError> {
        let config = self.config(registration.name);
        let (returned, dropped) = HAND_BACK
            .key(config.inflight_set_for(&registration.worker))
            .key(config.active_jobs_list())
            .key(config.job_data_hash())
            .key(config.job_meta_hash())
            .arg(u8::from(drop))
            .arg(held)
            .invoke_async::<(u64, u64)>(&mut self.connection())
            .await
            .map_err(|error| self.failed(error))?;
        if dropped > 0 {
            warn!(
                job.name = registration.name,
                "{dropped} {} tasks had lost their data and are dropped", registration.name
            );
        }
        Ok(returned)
    }

    pub(super) async fn beat(&self, registration: &WorkerRegistration) -> Result<u64, QueueError> {
        let config = self.config(registration.name);
        BEAT.key(config.workers_set())
            .key(config.active_jobs_list())
            .key(config.job_data_hash())
            .key(config.job_meta_hash())
            .arg(registration.worker.name())
            .arg(DEAD_AFTER)
            .arg(config.inflight_jobs_set())
            .arg(self.channel())
            .arg(registration.name)
            .invoke_async::<u64>(&mut self.connection())
            .await
            .map_err(|error| self.failed(error))
    }

    pub(super) async fn leave(&self, registration: &WorkerRegistration) -> Result<u64, QueueError> {
        let returned = self.hand_back(registration, &[]).await?;
        let config = self.config(registration.name);
        redis::pipe()
            .zrem(config.workers_set(), registration.worker.name())
            .ignore()
            .publish(self.channel(), registration.name)
            .ignore()
            .query_async::<()>(&mut self.connection())
            .await
            .map_err(|error| self.failed(error))?;
        Ok(returned)
    }

    /// Pushes and takes for real: a Redis that answers may still refuse what matters.
    pub(super) async fn health(&self) -> Result<(), QueueError> {
        let mut connection = self.connection();
        let pushed = new_task_id().to_string();
        let mut probe = PROBE.key(format!("{}:probe", self.namespace));
        probe.arg(&pushed);
        match tokio::time::timeout(HEALTH_TIMEOUT, probe.invoke_async::<String>(&mut connection)).await {
            Ok(Ok(taken)) if taken == pushed => Ok(()),
            Ok(Ok(_)) => Err(QueueError::Backend(
                "Redis gives back another job than it was given".into(),
            )),
            Ok(Err(error)) => {
                // A connection whose set-up was refused, for want of a password say, is never made again by itself.
                self.reconnect();
                Err(self.failed(error))
            }
            Err(_) => {
                self.reconnect();
                Err(QueueError::Backend(
                    format!("Redis does not answer within {HEALTH_TIMEOUT:?}: start Redis, or correct TOCSIN_REDIS_URL").into(),
                ))
            }
        }
    }

    pub(super) async fn depth(&self, name: Option<&str>) -> Result<u64, QueueError> {
        let mut connection = self.connection();
        let queues: Vec<String> = match name {
            Some(name) => vec![format!("{}:{name}", self.namespace)],
            None => redis::cmd("SMEMBERS")
                .arg(self.names_key())
                .query_async(&mut connection)
                .await
                .map_err(|error| self.failed(error))?,
        };
        if queues.is_empty() {
            return Ok(0);
        }
        let mut pipeline = redis::pipe();
        for queue in queues {
            let config = Config::default().queue(queue);
            pipeline
                .llen(config.active_jobs_list())
                .zcard(config.scheduled_jobs_set());
        }
        let lengths: Vec<u64> = pipeline
            .query_async(&mut connection)
            .await
            .map_err(|error| self.failed(error))?;
        Ok(lengths.iter().sum())
    }

    /// Listens for rings of other processes, on a connection of its own.
    pub(crate) async fn listen(&self) -> Result<RemoteWakeups, QueueError> {
        let connecting = async {
            let mut pubsub = self.client.get_async_pubsub().await?;
            pubsub.subscribe(self.channel()).await?;
            Ok::<_, RedisError>(pubsub)
        };
        match tokio::time::timeout(CONNECTION_TIMEOUT, connecting).await {
            Ok(pubsub) => Ok(RemoteWakeups(pubsub?)),
            Err(_) => Err(QueueError::Backend(
                "Redis did not accept a subscription in time".into(),
            )),
        }
    }

    fn config(&self, name: &str) -> Config {
        Config::default()
            .queue(format!("{}:{name}", self.namespace))
            .idempotency_ttl(Some(IDEMPOTENCY_TTL))
            .emit_events(false)
    }

    fn names_key(&self) -> String {
        format!("{}:names", self.namespace)
    }

    fn channel(&self) -> String {
        format!("{}:rings", self.namespace)
    }

    fn connection(&self) -> ConnectionManager {
        self.connection
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Notes an error. A connection that did not answer may lead to a host that no longer exists, which only the kernel's
    /// patience of many minutes would end, and one that takes no writes to a host that is no longer the primary: it is replaced.
    fn failed(&self, error: impl Into<apalis_redis::Error>) -> QueueError {
        let error = error.into();
        let apalis_redis::Error::Database(cause) = &error else {
            return error.into();
        };
        if cause.is_timeout() || cause.code() == Some("READONLY") {
            self.reconnect();
        }
        match remedy(cause) {
            Some(remedy) => QueueError::Backend(format!("{remedy} ({cause})").into()),
            None => error.into(),
        }
    }

    /// Takes a new connection from now on.
    fn reconnect(&self) {
        if let Ok(fresh) = connect_lazily(&self.client) {
            *self.connection.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
    }
}

/// What to do where Redis gives no answer; what its answers mean, `explain` says.
fn remedy(error: &RedisError) -> Option<&'static str> {
    if error.is_timeout() {
        Some(
            "Redis does not answer in time: see what it does, start Redis again, or correct TOCSIN_REDIS_URL",
        )
    } else if error.is_io_error() {
        Some("Redis can't be reached: start Redis, or correct TOCSIN_REDIS_URL")
    } else {
        None
    }
}

/// A connection that is made when it is first used, and made again whenever it broke.
fn connect_lazily(client: &Client) -> Result<ConnectionManager, QueueError> {
    let config = ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_connection_timeout(Some(CONNECTION_TIMEOUT))
        .set_response_timeout(Some(RESPONSE_TIMEOUT));
    Ok(ConnectionManager::new_lazy_with_config(client.clone(), config)?)
}

/// Whether apalis got an answer, but could not make tasks of it.
fn is_unreadable(error: &apalis_redis::Error) -> bool {
    match error {
        apalis_redis::Error::Database(cause) => cause
            .source()
            .and_then(|source| source.downcast_ref::<Arc<dyn StdError + Send + Sync>>())
            .and_then(|source| source.downcast_ref::<io::Error>())
            .is_some_and(|source| source.kind() == io::ErrorKind::InvalidData),
        apalis_redis::Error::Json(_)
        | apalis_redis::Error::TaskIdError(_)
        | apalis_redis::Error::StatusError(_) => true,
        apalis_redis::Error::ReenqueueMismatch { .. }
        | apalis_redis::Error::WorkerOutOfSync
        | apalis_redis::Error::WorkerAlreadyExists(_) => false,
    }
}

/// Rings of other processes, as they come.
pub(crate) struct RemoteWakeups(PubSub);

impl RemoteWakeups {
    /// The name of the job that was rung for, or none when the connection has ended.
    pub(crate) async fn next(&mut self) -> Option<String> {
        let message = self.0.on_message().next().await?;
        Some(message.get_payload().unwrap_or_default())
    }

    /// Whether the connection still lives.
    pub(crate) async fn ping(&mut self) -> bool {
        let pong = tokio::time::timeout(HEALTH_TIMEOUT, self.0.ping::<redis::Value>()).await;
        matches!(pong, Ok(Ok(_)))
    }
}
