//! The door to the database: how it is opened, and how a write begins.

use std::time::Duration;

use sea_orm::{
    ConnectOptions, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, SqliteTransactionMode,
    SqlxPostgresConnector, TransactionOptions, TransactionTrait,
    sqlx::{
        postgres::PgPoolOptions,
        sqlite::{SqliteJournalMode, SqliteSynchronous},
    },
};

/// How long a SQLite connection waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a caller waits for a connection of SQLite's pool, where writers wait for one another.
const ACQUIRE_TIMEOUT: Duration = BUSY_TIMEOUT;

/// How long a caller waits for a connection to PostgreSQL before it is told that the database is away or overloaded.
const SERVER_TIMEOUT: Duration = Duration::from_secs(3);

/// An open database: many readers, and writers as many as the database can bear (on SQLite, one).
#[derive(Debug, Clone)]
pub struct Database {
    read: DatabaseConnection,
    write: DatabaseConnection,
    /// For what may not wait for others.
    apart: DatabaseConnection,
}

impl Database {
    /// Opens `sqlite://file`, `sqlite::memory:` or `postgres://…`; a SQLite file is created where it is missing.
    ///
    /// # Errors
    /// The database's own, where it can't be reached or the address is malformed.
    pub async fn open(url: &str, connections: u32) -> Result<Self, DbErr> {
        if !url.starts_with("sqlite:") {
            let both = sea_orm::Database::connect(options(url, connections)).await?;
            return Ok(Self {
                read: both.clone(),
                apart: one_more(&both),
                write: both,
            });
        }
        let in_memory = url.contains(":memory:") || url.contains("mode=memory");
        let write = sea_orm::Database::connect(options(url, 1)).await?;
        let read = if in_memory {
            write.clone()
        } else {
            sea_orm::Database::connect(options(url, connections)).await?
        };
        Ok(Self {
            read,
            apart: write.clone(),
            write,
        })
    }

    /// Where to read.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// Where to make a write of a single statement.
    pub fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Begins a transaction that may read and then write. On SQLite it takes the write lock at once: a deferred one that reads first
    /// fails with "database is locked" as soon as another has written.
    ///
    /// # Errors
    /// The database's own.
    pub async fn begin_write(&self) -> Result<DatabaseTransaction, DbErr> {
        #[expect(clippy::disallowed_methods, reason = "this is the one door")]
        self.write
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            })
            .await
    }

    /// The same database by a connection of one's own, for what may not wait until others are done with theirs; opened when it is
    /// first used, and beyond the number that was asked for at the opening. With SQLite, which has one writer, it is the same as before.
    #[must_use]
    pub fn apart(&self) -> Self {
        if self.is_sqlite() {
            return self.clone();
        }
        Self {
            read: self.apart.clone(),
            write: self.apart.clone(),
            apart: self.apart.clone(),
        }
    }

    /// Whether it is SQLite, which has one writer and no row locks.
    pub fn is_sqlite(&self) -> bool {
        self.read.get_database_backend() == DbBackend::Sqlite
    }

    /// Closes all connections.
    ///
    /// # Errors
    /// The database's own.
    pub async fn close(self) -> Result<(), DbErr> {
        self.read.close().await?;
        self.apart.close().await?;
        self.write.close().await
    }
}

/// One more connection to the same PostgreSQL, opened when it is first used.
fn one_more(pool: &DatabaseConnection) -> DatabaseConnection {
    let address = pool.get_postgres_connection_pool().connect_options();
    let own = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(SERVER_TIMEOUT)
        .connect_lazy_with(address.as_ref().clone());
    SqlxPostgresConnector::from_sqlx_postgres_pool(own)
}

fn options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    let acquire_timeout = if url.starts_with("sqlite:") {
        ACQUIRE_TIMEOUT
    } else {
        SERVER_TIMEOUT
    };
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(acquire_timeout)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .create_if_missing(true)
                .foreign_keys(true)
                .journal_mode(SqliteJournalMode::Wal)
                // An incident that was accepted survives a power cut: NORMAL would lose the last commits with WAL.
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(BUSY_TIMEOUT)
        });
    options
}
