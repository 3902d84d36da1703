//! apalis' SQLite storage: its schema and its queries, on a connection and with pragmas of our own.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
    time::Duration,
};

use apalis_core::{
    backend::WorkerFilter,
    task::{Task, builder::TaskBuilder},
};
use apalis_sqlite::{Config, SqliteStorage, queries};
use sqlx::{
    Sqlite, SqlitePool, Transaction,
    sqlite::{
        SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
    },
};
use tocsin_database::{DatabaseFault, create_private, is_reusable};
use tokio::sync::Mutex;
use tracing::{debug, warn};

use super::{DEAD_AFTER, WorkerRegistration, damage, new_task_id};
use crate::{
    error::QueueError,
    explain::sqlx_error,
    task::{NewTask, TakenTask, TakenTasks, now_millis},
};

/// How long to wait for another process that is writing to the file. Short: whoever waits goes round the queue after that.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// How long to wait for our turn on the connection: thousands may push at once.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// The name of the jobs that are pushed and taken to see whether that works.
const PROBE: &str = "probe";

/// How long ago a worker must have been heard of to be forgotten, in seconds. Longer than [`DEAD_AFTER`], after which
/// its tasks are taken.
const FORGOTTEN_AFTER: u32 = 60;

/// Jobs in a SQLite file, or in memory.
#[derive(Debug)]
pub(crate) struct SqliteStore {
    /// One connection: SQLite has one writer, and waiting in line costs less than finding the file locked.
    pool: RwLock<SqlitePool>,
    path: Option<PathBuf>,
    namespace: String,
    /// Held by whoever replaces a damaged file, or closes it for good.
    mending: Mutex<Mending>,
}

/// Whether a file that is of no use may be replaced.
#[derive(Debug, Default, PartialEq, Eq)]
enum Mending {
    #[default]
    Allowed,
    /// It was closed for good.
    Over,
}

impl SqliteStore {
    pub(super) async fn open(path: Option<&Path>, namespace: &str) -> Result<Self, QueueError> {
        let pool = open_sound(path)
            .await
            .map_err(|error| QueueError::Config(describe(path, &error)))?;
        Ok(Self {
            pool: RwLock::new(pool),
            path: path.map(Path::to_owned),
            namespace: namespace.to_owned(),
            mending: Mutex::default(),
        })
    }

    /// Passes an outcome on. Where it says that the file is damaged, there is a sound one afterwards.
    pub(super) async fn mend<T>(&self, outcome: Result<T, QueueError>) -> Result<T, QueueError> {
        if let Err(error) = &outcome
            // Closed: an earlier attempt found no room for a new file, say.
            && (damage::is_damage(error) || self.pool().is_closed())
        {
            let turn = self.mending.lock().await;
            if *turn == Mending::Over {
                return outcome;
            }
            self.pool().close().await;
            let sound = open_sound(self.path.as_deref()).await?;
            *self.pool.write().unwrap_or_else(PoisonError::into_inner) = sound;
        }
        outcome
    }

    pub(super) async fn close(&self) {
        *self.mending.lock().await = Mending::Over;
        self.pool().close().await;
    }

    fn pool(&self) -> SqlitePool {
        self.pool.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) async fn push(&self, tasks: &[NewTask]) -> Result<(), QueueError> {
        let mut tx = self.begin().await?;
        for task in tasks {
            let payload = serde_json::to_vec(&task.envelope).map_err(|source| QueueError::Encode {
                job: task.name,
                source,
            })?;
            let stored: Task<Vec<u8>> = TaskBuilder::new(payload)
                .task_id(new_task_id())
                // What is due now is due whatever becomes of the clock.
                .run_at_timestamp(task.envelope.due_second().unwrap_or(0))
                .idempotency_key(task.envelope.idempotency_key())
                .build();
            queries::push_tasks(&mut *tx, &self.queue(task.name), &[stored]).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn take(
        &self,
        registration: &WorkerRegistration,
        limit: usize,
    ) -> Result<TakenTasks, QueueError> {
        let config = Config::default()
            .queue(self.queue(registration.name))
            .batch_size(limit);
        let now = now_millis() / 1_000;
        // Looking first costs no lock: an idle worker writes nothing.
        let first = self.first_due(registration.name).await?;
        if first.is_none_or(|first| first > now) {
            return Ok(TakenTasks {
                tasks: Vec::new(),
                next_due: first.and_then(|first| u64::try_from(first).ok()),
            });
        }
        let mut tx = self.begin().await?;
        let fetched = queries::fetch_next(&mut *tx, &config, &registration.worker).await?;
        let mut tasks = Vec::with_capacity(fetched.len());
        for task in fetched {
            let Some(id) = task.task_id().map(ToString::to_string) else {
                continue;
            };
            let crashes = u32::try_from(task.attempt()).unwrap_or(u32::MAX);
            tasks.push(TakenTask {
                id,
                payload: task.take().0,
                crashes,
            });
        }
        let ids = json_ids(tasks.iter().map(|task| task.id.as_str()));
        sqlx::query("UPDATE Jobs SET idempotency_key = NULL WHERE id IN (SELECT value FROM json_each(?1))")
            .bind(ids)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        let next_due = if tasks.len() < limit {
            self.first_due(registration.name).await?
        } else {
            Some(now)
        };
        Ok(TakenTasks {
            tasks,
            next_due: next_due.and_then(|next| u64::try_from(next).ok()),
        })
    }

    /// The second in which the next waiting task may be taken.
    async fn first_due(&self, name: &str) -> Result<Option<i64>, QueueError> {
        Ok(
            sqlx::query_scalar("SELECT MIN(run_at) FROM Jobs WHERE job_type = ?1 AND status = 'Pending'")
                .bind(self.queue(name))
                .fetch_one(&self.pool())
                .await?,
        )
    }

    pub(super) async fn finish(
        &self,
        registration: &WorkerRegistration,
        ids: &[String],
    ) -> Result<(), QueueError> {
        sqlx::query("DELETE FROM Jobs WHERE id IN (SELECT value FROM json_each(?1)) AND lock_by = ?2")
            .bind(json_ids(ids.iter().map(String::as_str)))
            .bind(registration.worker.name())
            .execute(&self.pool())
            .await?;
        Ok(())
    }

    pub(super) async fn hand_back(
        &self,
        registration: &WorkerRegistration,
        held: &[String],
    ) -> Result<u64, QueueError> {
        let returned = sqlx::query(
            "UPDATE Jobs SET status = 'Pending', lock_by = NULL, lock_at = NULL \
             WHERE lock_by = ?2 AND id NOT IN (SELECT value FROM json_each(?1))",
        )
        .bind(json_ids(held.iter().map(String::as_str)))
        .bind(registration.worker.name())
        .execute(&self.pool())
        .await?;
        Ok(returned.rows_affected())
    }

    pub(super) async fn beat(&self, registration: &WorkerRegistration) -> Result<u64, QueueError> {
        let queue = self.queue(registration.name);
        let config = Config::default().queue(&queue);
        let mut tx = self.begin().await?;
        match queries::keep_alive(&mut *tx, &config, &registration.worker).await {
            Ok(()) => {}
            Err(sqlx::Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                queries::register_worker(&mut *tx, &config, &registration.worker, "SqliteStorage").await?;
            }
            Err(error) => return Err(error.into()),
        }
        let others = WorkerFilter::AllExcept(registration.worker.name().to_owned());
        let moved = queries::reenqueue_orphaned(&mut *tx, DEAD_AFTER.into(), &queue, &others).await?;
        tx.commit().await?;
        Ok(moved)
    }

    pub(super) async fn leave(&self, registration: &WorkerRegistration) -> Result<u64, QueueError> {
        let returned = self.hand_back(registration, &[]).await?;
        sqlx::query("DELETE FROM Workers WHERE id = ?1")
            .bind(registration.worker.name())
            .execute(&self.pool())
            .await?;
        Ok(returned)
    }

    pub(super) async fn clean(&self) -> Result<(), QueueError> {
        sqlx::query(
            "DELETE FROM Workers WHERE strftime('%s', 'now') - last_seen > ?1 \
             AND NOT EXISTS (SELECT 1 FROM Jobs WHERE Jobs.lock_by = Workers.id)",
        )
        .bind(FORGOTTEN_AFTER)
        .execute(&self.pool())
        .await?;
        // Statistics for the planner where a table has much changed, and room that a backlog has left behind, a little at a
        // time.
        sqlx::raw_sql("PRAGMA analysis_limit = 400; PRAGMA optimize; PRAGMA incremental_vacuum(2000)")
            .execute(&self.pool())
            .await?;
        Ok(())
    }

    /// Pushes and takes for real: a file that can be read may be on a full disk, or on one that takes no writes.
    pub(super) async fn health(&self) -> Result<(), QueueError> {
        let id = new_task_id();
        let probe: Task<Vec<u8>> = TaskBuilder::new(b"null".to_vec()).task_id(id.clone()).build();
        let mut tx = self.begin().await?;
        queries::push_tasks(&mut *tx, &self.queue(PROBE), &[probe]).await?;
        let taken = sqlx::query("DELETE FROM Jobs WHERE id = ?1")
            .bind(id.to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        if taken.rows_affected() == 1 {
            Ok(())
        } else {
            Err(QueueError::Backend(
                "the queue's file does not keep what is written to it".into(),
            ))
        }
    }

    pub(super) async fn depth(&self, name: Option<&str>) -> Result<u64, QueueError> {
        let depth: i64 = match name {
            Some(name) => {
                sqlx::query_scalar("SELECT COUNT(*) FROM Jobs WHERE job_type = ?1 AND status = 'Pending'")
                    .bind(self.queue(name))
            }
            None => sqlx::query_scalar(
                "SELECT COUNT(*) FROM Jobs WHERE substr(job_type, 1, length(?1)) = ?1 AND status = 'Pending'",
            )
            .bind(self.queue("")),
        }
        .fetch_one(&self.pool())
        .await?;
        Ok(u64::try_from(depth).unwrap_or_default())
    }

    fn queue(&self, name: &str) -> String {
        format!("{}:{name}", self.namespace)
    }

    /// Begins a transaction that will write. A deferred one would find the file locked when another process writes first.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, QueueError> {
        Ok(self.pool().begin_with("BEGIN IMMEDIATE").await?)
    }
}

/// Opens the file; one that is damaged is moved aside first.
async fn open_sound(path: Option<&Path>) -> Result<SqlitePool, sqlx::Error> {
    let error = match open(path).await {
        Ok(pool) => return Ok(pool),
        Err(error) => error,
    };
    let Some(path) = path.filter(|_| damage::is_damage(&error)) else {
        return Err(error);
    };
    let own = path.to_owned();
    let _turn = tokio::task::spawn_blocking(move || damage::turn(&own))
        .await
        .map_err(|_| sqlx::Error::WorkerCrashed)??;
    // Another process may have moved it meanwhile.
    match open(Some(path)).await {
        Err(error) if damage::is_damage(&error) => {
            let aside = damage::move_aside(path)?;
            warn!(
                "the queue's file {} is damaged ({error}): moved it to {} and began a new one. Nothing is lost, the jobs in it are \
                 found again in the database; delete the old file, and check the disk",
                path.display(),
                aside.display()
            );
            open(Some(path)).await
        }
        done => done,
    }
}

async fn open(path: Option<&Path>) -> Result<SqlitePool, sqlx::Error> {
    let options = match path {
        Some(path) => {
            create_private(path)?;
            SqliteConnectOptions::new().filename(path).create_if_missing(true)
        }
        None => SqliteConnectOptions::new().in_memory(true),
    }
    .auto_vacuum(SqliteAutoVacuum::Incremental)
    .journal_mode(SqliteJournalMode::Wal)
    // A crash of the machine may lose the last jobs, but not the file: a sweeper rings again.
    .synchronous(SqliteSynchronous::Normal)
    .busy_timeout(BUSY_TIMEOUT)
    .pragma("journal_size_limit", "16777216")
    .pragma("temp_store", "memory");
    let in_memory = path.is_none();
    let pool = SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // In memory, the connection is the database: it is kept, and should it break, the next one begins anew.
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_release(is_reusable)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                if in_memory {
                    SqliteStorage::migrations()
                        .run_direct(None, connection, false)
                        .await?;
                }
                Ok(())
            })
        })
        .connect_with(options)
        .await?;
    let made = async {
        set_up(&pool).await?;
        check(&pool).await
    };
    if let Err(error) = made.await {
        pool.close().await;
        return Err(error);
    }
    Ok(pool)
}

/// Brings the schema up to date. Of several processes that start together, one finds the other's work half done.
async fn set_up(pool: &SqlitePool) -> Result<(), sqlx::Error> {
    let mut tries = 0;
    loop {
        match SqliteStorage::migrations().run(pool).await {
            Ok(()) => return Ok(()),
            Err(error) if tries < 10 && !damage::is_damage(&error) => {
                debug!("the queue's schema could not be set up yet: {error}");
                tries += 1;
                tokio::time::sleep(Duration::from_millis(50 * tries)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Reads the whole file once: damage that is found now costs a restart nothing. SQLite tells it in a row and not as an error.
async fn check(pool: &SqlitePool) -> Result<(), sqlx::Error> {
    let said: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(pool)
        .await?;
    if said == "ok" {
        return Ok(());
    }
    Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::InvalidData, said)))
}

fn json_ids<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    ids.collect::<serde_json::Value>().to_string()
}

fn describe(path: Option<&Path>, error: &sqlx::Error) -> String {
    match path {
        Some(path) => {
            let fault = DatabaseFault::of_sqlx(sqlx_error(error).unwrap_or(error));
            format!(
                "the queue's file {} {}: {} ({error})",
                path.display(),
                fault.cause(),
                fault.remedy()
            )
        }
        None => format!("the queue can't be opened in memory: {error}"),
    }
}
