//! SQLite: its options, its files, and which of its connections may be used again.

use std::{fs::OpenOptions, io, path::Path, time::Duration};

use futures::future::BoxFuture;
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbErr, RuntimeErr,
    sqlx::{
        self, Connection,
        pool::PoolConnectionMetadata,
        sqlite::{
            SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous,
        },
    },
};

use crate::trace::traced;

/// How long a connection waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a caller waits for a connection of the pool, where writers wait for one another.
const ACQUIRE_TIMEOUT: Duration = BUSY_TIMEOUT;

/// How long [`take`] waits for another process: one that is about to close the file.
const TAKEN_WITHIN: Duration = Duration::from_secs(1);

/// How many rows the thread of a connection reads ahead. With sqlx's 50, the two threads wake each other all the time while a large answer is read.
const ROWS_AHEAD: usize = 1_024;

/// A pool of so many connections to a SQLite file, or to memory.
pub(crate) async fn open(url: &str, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let is_file = !is_in_memory(url);
    if is_file {
        let file = url.parse::<SqliteConnectOptions>().map_err(refused)?;
        create_private(file.get_filename()).map_err(|error| refused(sqlx::Error::Io(error)))?;
    }
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .sqlx_logging(false)
        .map_sqlx_sqlite_pool_opts(is_reusable_in(is_file))
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .create_if_missing(true)
                .foreign_keys(true)
                .journal_mode(SqliteJournalMode::Wal)
                // An incident that was accepted survives a power cut: NORMAL would lose the last commits with WAL.
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(BUSY_TIMEOUT)
                .row_buffer_size(ROWS_AHEAD)
        });
    sea_orm::Database::connect(options).await.map(traced)
}

/// Opens a SQLite file that no other process has open, and keeps all others out until the connection is closed. Everything is in the file then,
/// and nothing beside it: it may be moved.
///
/// # Errors
/// [`DatabaseFault::Locked`](crate::DatabaseFault::Locked), where another process has it open; the database's own.
pub async fn take(file: &Path) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new("sqlite:");
    let file = file.to_owned();
    options
        .max_connections(1)
        .min_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .sqlx_logging(false)
        .map_sqlx_sqlite_pool_opts(|pool| pool.idle_timeout(None).max_lifetime(None))
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .filename(&file)
                .create_if_missing(false)
                .foreign_keys(true)
                .locking_mode(SqliteLockingMode::Exclusive)
                // Whoever has the file open in WAL mode refuses this.
                .journal_mode(SqliteJournalMode::Delete)
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(TAKEN_WITHIN)
        });
    let taken = sea_orm::Database::connect(options).await?;
    // The lock of an exclusive transaction is kept by the mode of locking.
    taken.execute_unprepared("BEGIN EXCLUSIVE; COMMIT").await?;
    Ok(taken)
}

/// Whether the address names a database without a file.
pub(crate) fn is_in_memory(url: &str) -> bool {
    url.contains(":memory:") || url.contains("mode=memory")
}

type PoolOptions = sqlx::pool::PoolOptions<sqlx::Sqlite>;

/// Has the pool look at each connection that comes back. In memory the connection is the database, and is kept for good.
fn is_reusable_in(is_file: bool) -> impl Fn(PoolOptions) -> PoolOptions + Send + Sync + 'static {
    move |pool| {
        let pool = pool.after_release(is_reusable);
        if is_file {
            pool
        } else {
            pool.idle_timeout(None).max_lifetime(None)
        }
    }
}

/// Whether a connection that comes back to its pool may be used again: not while it counts a transaction that is over.
///
/// `SQLite` rolls back by itself when the disk is full or fails. sqlx's own ROLLBACK finds no transaction then, and its count stays at
/// one (sqlx-sqlite 0.9, `connection/worker.rs`): the next BEGIN would be a SAVEPOINT, whose COMMIT stores nothing. Give this to
/// `PoolOptions::after_release` of every pool of `SQLite` connections; the pool closes what it refuses, and opens another.
pub fn is_reusable(
    connection: &mut SqliteConnection,
    _: PoolConnectionMetadata,
) -> BoxFuture<'_, Result<bool, sqlx::Error>> {
    Box::pin(async move {
        if !connection.is_in_transaction() {
            return Ok(true);
        }
        // A transaction that was dropped is rolled back by a command that waits in the connection's channel; the ping is behind it.
        connection.ping().await?;
        let is_over = !connection.is_in_transaction();
        if !is_over {
            tracing::warn!("a transaction could not be rolled back: closing its SQLite connection");
        }
        Ok(is_over)
    })
}

/// Creates a file that its owner alone may read, where there is none. `SQLite` gives the files beside it the same mode.
///
/// # Errors
/// The file system's own. A missing directory is left to whoever opens the file.
pub fn create_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if matches!(error.kind(), io::ErrorKind::AlreadyExists) => Ok(()),
        Err(error) => Err(error),
    }
}

fn refused(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(error.into()))
}
