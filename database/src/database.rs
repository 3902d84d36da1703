//! The door to the database: how it is opened, and how a write begins.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tokio_util::sync::CancellationToken;

use crate::{
    fault::DatabaseFault,
    postgres::{self, LONG_WORK, PATIENT},
    probe::{self, Probe},
    sqlite, trace,
};

/// How often PostgreSQL is asked what this process waits for.
const LOOK_FOR_WAITS_EVERY: Duration = Duration::from_secs(2);

/// An open database: many readers, and writers as many as the database can bear (on SQLite, one).
#[derive(Debug, Clone)]
pub struct Database {
    read: DatabaseConnection,
    write: DatabaseConnection,
    /// For what may not wait for others.
    apart: DatabaseConnection,
    probe: Arc<Probe>,
}

impl Database {
    /// Opens `sqlite://file`, `sqlite::memory:` or `postgres://…`; a SQLite file is created where it is missing.
    ///
    /// # Errors
    /// The database's own, where it can't be reached or the address is malformed.
    pub async fn open(url: &str, connections: u32) -> Result<Self, DbErr> {
        if !url.starts_with("sqlite:") {
            let both = postgres::open(url, connections).await?;
            return Ok(Self {
                read: both.clone(),
                apart: postgres::one_more(&both),
                write: both,
                probe: Arc::default(),
            });
        }
        let write = sqlite::open(url, 1).await?;
        let read = if sqlite::is_in_memory(url) {
            write.clone()
        } else {
            sqlite::open(url, connections).await?
        };
        Ok(Self {
            read,
            apart: write.clone(),
            write,
            probe: Arc::default(),
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
        trace::begins();
        #[expect(clippy::disallowed_methods, reason = "this is the one door")]
        self.write
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            })
            .await
    }

    /// Begins a transaction that reads everything as it is at one moment, for as long as it takes, and keeps nobody from writing. Roll it back
    /// when you have read.
    ///
    /// # Errors
    /// The database's own.
    pub async fn begin_snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        let mut options = TransactionOptions::default();
        if !self.is_sqlite() {
            options.isolation_level = Some(IsolationLevel::RepeatableRead);
            options.access_mode = Some(AccessMode::ReadOnly);
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "it only reads, which SQLite lets whoever began first do"
        )]
        let snapshot = self.read.begin_with_options(options).await?;
        if !self.is_sqlite() {
            snapshot.execute_unprepared(LONG_WORK).await?;
            snapshot.execute_unprepared(PATIENT).await?;
        }
        Ok(snapshot)
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
            probe: Arc::clone(&self.probe),
        }
    }

    /// Whether a change can be written just now: writes a row of its own, as a change is written. On `SQLite` the write is committed,
    /// since a full disk shows at the commit; on PostgreSQL it is rolled back. Whoever asks within a second of another gets the same
    /// answer, so that asking often costs nothing.
    ///
    /// # Errors
    /// Why nothing can be written: ask [`DatabaseFault::of`] what it means.
    pub async fn probe_write(&self) -> Result<(), DbErr> {
        self.probe.ask(self.write_a_probe()).await
    }

    async fn write_a_probe(&self) -> Result<(), DbErr> {
        if self.is_sqlite() {
            self.write.execute_unprepared(probe::CHANGE).await?;
            return Ok(());
        }
        let tx = match self.begin_write().await {
            Ok(tx) => tx,
            Err(error @ DbErr::ConnectionAcquire(_)) => return Err(self.refusal().await.unwrap_or(error)),
            Err(error) => return Err(error),
        };
        tx.execute_unprepared(probe::ADD).await?;
        tx.rollback().await
    }

    /// Says in the log for whose lock this process waits, until it stops. `SQLite` has one lock, whose waits end by themselves.
    pub async fn watch_locks(&self, stop: CancellationToken) {
        if self.is_sqlite() {
            return;
        }
        let mut tick = tokio::time::interval(LOOK_FOR_WAITS_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while stop.run_until_cancelled(tick.tick()).await.is_some() {
            match postgres::lock_waits(&self.read).await {
                Ok(waits) => {
                    for wait in waits {
                        tracing::warn!(
                            "a statement has waited {:.1} s for a lock that {} holds: PostgreSQL ends a transaction of Tocsin's \
                             that hangs after 5 s, and a wait after 8 s",
                            wait.seconds,
                            wait.holder
                        );
                    }
                }
                Err(error) => {
                    let fault = DatabaseFault::of(&error);
                    tracing::debug!(
                        "PostgreSQL can't be asked who waits ({}): {error}",
                        fault.reason()
                    );
                }
            }
        }
    }

    /// Why PostgreSQL takes no new connection just now; none where it takes one, and for `SQLite`. The pool asks again while the
    /// server refuses for the moment, and then knows no more than that the time was over.
    pub async fn refusal(&self) -> Option<DbErr> {
        if self.is_sqlite() {
            return None;
        }
        postgres::refusal_of(&self.read).await
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
