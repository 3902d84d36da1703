//! apalis' two storages behind one face.
//!
//! Each job name is an apalis queue of its own, so that a worker takes only what it has a handler for, and a backlog of one
//! name delays no other.

mod damage;
mod redis;
mod registration;
mod sqlite;

use apalis_core::{
    backend::BackendConfig,
    task::task_id::{GenerateId, TaskId},
};
use apalis_redis::RedisStorage;

pub(crate) use self::{
    redis::{RedisStore, RemoteWakeups},
    registration::WorkerRegistration,
    sqlite::SqliteStore,
};
use crate::{
    config::QueueConfig,
    error::QueueError,
    task::{NewTask, TakenTasks},
};

/// How long a worker may be silent before its jobs are given to others, in seconds.
pub(crate) const DEAD_AFTER: u32 = 6;

/// The id type that both storages can read back.
type Id = <RedisStorage<()> as BackendConfig>::Id;

fn new_task_id() -> TaskId {
    <Id as GenerateId>::generate()
}

/// Where jobs wait.
#[derive(Debug)]
pub(crate) enum Store {
    Redis(RedisStore),
    Sqlite(SqliteStore),
}

impl Store {
    pub(crate) async fn open(config: &QueueConfig) -> Result<Self, QueueError> {
        let namespace = config.namespace.as_str();
        if namespace.is_empty() || namespace.contains(|c: char| c.is_whitespace() || c == '{' || c == '}') {
            return Err(QueueError::Config(
                "the namespace must not be empty, and have no spaces or braces".to_owned(),
            ));
        }
        Ok(match &config.redis_url {
            Some(url) => Self::Redis(RedisStore::open(url, namespace)?),
            None => Self::Sqlite(SqliteStore::open(config.sqlite_path.as_deref(), namespace).await?),
        })
    }

    pub(crate) fn backend(&self) -> &'static str {
        match self {
            Self::Redis(_) => "redis",
            Self::Sqlite(_) => "sqlite",
        }
    }

    /// Stores the tasks, except those that a waiting one stands for.
    pub(crate) async fn push(&self, tasks: &[NewTask]) -> Result<(), QueueError> {
        match self {
            Self::Redis(redis) => redis.push(tasks).await,
            Self::Sqlite(sqlite) => sqlite.mend(sqlite.push(tasks).await).await,
        }
    }

    /// Takes up to `limit` tasks. From here on a ring of the same key is a new task.
    pub(crate) async fn take(
        &self,
        registration: &WorkerRegistration,
        limit: usize,
    ) -> Result<TakenTasks, QueueError> {
        match self {
            Self::Redis(redis) => redis.take(registration, limit).await,
            Self::Sqlite(sqlite) => sqlite.mend(sqlite.take(registration, limit).await).await,
        }
    }

    /// Forgets tasks that have been run.
    pub(crate) async fn finish(
        &self,
        registration: &WorkerRegistration,
        ids: &[String],
    ) -> Result<(), QueueError> {
        match self {
            Self::Redis(redis) => redis.finish(registration, ids).await,
            Self::Sqlite(sqlite) => sqlite.mend(sqlite.finish(registration, ids).await).await,
        }
    }

    /// Hands back whatever the backend believes to be with the registered worker and the worker does not hold: how many.
    pub(crate) async fn hand_back(&self, registration: &WorkerRegistration) -> Result<u64, QueueError> {
        match self {
            Self::Redis(redis) => redis.hand_back(registration, &registration.held.ids()).await,
            Self::Sqlite(sqlite) => {
                sqlite
                    .mend(sqlite.hand_back(registration, &registration.held.ids()).await)
                    .await
            }
        }
    }

    /// Says that the registered worker lives, and takes the tasks of those that do not: how many.
    pub(crate) async fn beat(&self, registration: &WorkerRegistration) -> Result<u64, QueueError> {
        match self {
            Self::Redis(redis) => redis.beat(registration).await,
            Self::Sqlite(sqlite) => sqlite.mend(sqlite.beat(registration).await).await,
        }
    }

    /// Hands back everything the worker holds, and forgets its worker.
    pub(crate) async fn leave(&self, registration: &WorkerRegistration) -> Result<u64, QueueError> {
        match self {
            Self::Redis(redis) => redis.leave(registration).await,
            Self::Sqlite(sqlite) => sqlite.mend(sqlite.leave(registration).await).await,
        }
    }

    /// Removes what nobody needs any more, and keeps the query planner informed.
    pub(crate) async fn clean(&self) -> Result<(), QueueError> {
        match self {
            // Finished tasks are deleted as they finish, idempotency keys expire, dead workers go with their heartbeat.
            Self::Redis(_) => Ok(()),
            Self::Sqlite(sqlite) => sqlite.mend(sqlite.clean().await).await,
        }
    }

    pub(crate) async fn health(&self) -> Result<(), QueueError> {
        match self {
            Self::Redis(redis) => redis.health().await,
            Self::Sqlite(sqlite) => sqlite.mend(sqlite.health().await).await,
        }
    }

    /// Lets go of the backend. A file is whole then, with nothing beside it.
    pub(crate) async fn close(&self) {
        match self {
            Self::Redis(_) => {}
            Self::Sqlite(sqlite) => sqlite.close().await,
        }
    }

    /// How many tasks wait, by job name, or of all names.
    pub(crate) async fn depth(&self, name: Option<&str>) -> Result<u64, QueueError> {
        match self {
            Self::Redis(redis) => redis.depth(name).await,
            Self::Sqlite(sqlite) => sqlite.mend(sqlite.depth(name).await).await,
        }
    }
}
