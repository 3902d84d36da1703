//! The database and the queue, opened; a refusal says what to do.

use std::{fs::OpenOptions, io, path::Path, time::Duration};

use anyhow::{anyhow, bail};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement};
use sea_orm_migration::MigratorTrait;
use tocsin_backup::applied_migrations;
use tocsin_database::{Database, DatabaseFault, LONG_WORK};
use tocsin_migration::Migrator;
use tocsin_queue::{Queue, QueueConfig};
use tracing::info;

use crate::config::{DatabaseSettings, Settings};

/// The lock that whoever migrates a PostgreSQL database holds, so that replicas which start together take turns.
const MIGRATION_LOCK: &str = "SELECT pg_try_advisory_xact_lock(7431062873) AS taken";

/// How often it is asked for. Nobody waits for it in the database: a wait there is ended after some seconds, and a migration may take
/// minutes.
const ASK_FOR_THE_TURN_EVERY: Duration = Duration::from_millis(200);

/// Opens the database as it is.
pub(crate) async fn open(settings: &DatabaseSettings) -> anyhow::Result<Database> {
    if let Some(file) = settings.file() {
        accessible(file)?;
    }
    // Migrating reads beside the one that holds the lock.
    Database::open(settings.url(), settings.connections.max(2))
        .await
        .map_err(|error| {
            let shown = format!("the database {}", settings.shown());
            anyhow!(DatabaseFault::explain(&shown, &error))
        })
}

/// A SQLite file that can be written, or made.
fn accessible(file: &Path) -> anyhow::Result<()> {
    let directory = file.parent().filter(|path| !path.as_os_str().is_empty());
    if let Some(directory) = directory
        && !directory.is_dir()
    {
        bail!(
            "there is no directory {} for the database: create it, or set TOCSIN_DATABASE_URL to another file",
            directory.display()
        );
    }
    match OpenOptions::new().read(true).write(true).open(file) {
        Ok(_) => Ok(()),
        // SQLite makes it; should the directory not allow that, SQLite says so.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(not_accessible(file, &error)),
    }
}

/// Why a file can't be opened for reading and writing, and what to do about it.
fn not_accessible(file: &Path, error: &io::Error) -> anyhow::Error {
    let remedy = if error.kind() == io::ErrorKind::ReadOnlyFilesystem {
        "mount its file system for writing"
    } else if error.kind() == io::ErrorKind::IsADirectory {
        "move the directory away"
    } else {
        "change its permissions or its owner"
    };
    anyhow!(
        "the database file {} can't be read and written ({error}): {remedy}, or set TOCSIN_DATABASE_URL to another file",
        file.display()
    )
}

/// Brings the schema to this version's; gives the names of the migrations that were run. Each is a transaction of its own, in which
/// the next process finds it done or not begun.
pub(crate) async fn migrate(database: &Database) -> anyhow::Result<Vec<String>> {
    let mut run = Vec::new();
    while !pending(database).await?.is_empty() {
        let turn = take_turn(database)
            .await
            .map_err(|error| anyhow!(DatabaseFault::explain("the database", &error)))?;
        // Whoever had the turn before may have run it.
        let Some(next) = pending_in(&turn).await?.into_iter().next() else {
            break;
        };
        Migrator::up(&turn, Some(1))
            .await
            .map_err(|error| not_migrated(&next, run.is_empty() && is_first(&next), &error))?;
        turn.commit()
            .await
            .map_err(|error| not_migrated(&next, false, &error))?;
        // Who starts for the first time has nothing that was migrated, and reads one line.
        if !is_made(&run) && !is_first(&next) {
            info!("migrated the database: {next}");
        }
        run.push(next);
    }
    if is_made(&run) {
        info!("made the database's schema, in {} migrations", run.len());
    }
    Ok(run)
}

/// A transaction in which no other process migrates: SQLite's own lock, or one of PostgreSQL's that ends with the transaction.
pub(crate) async fn take_turn(database: &Database) -> Result<DatabaseTransaction, DbErr> {
    let mut tries = 0_u32;
    loop {
        let turn = database.begin_write().await?;
        if database.is_sqlite() {
            return Ok(turn);
        }
        turn.execute_unprepared(LONG_WORK).await?;
        let taken = Statement::from_string(DbBackend::Postgres, MIGRATION_LOCK);
        let taken = turn.query_one_raw(taken).await?;
        if taken.is_some_and(|row| row.try_get("", "taken").unwrap_or(false)) {
            return Ok(turn);
        }
        turn.rollback().await?;
        if tries.is_multiple_of(50) {
            info!("another process migrates the database: waiting until it has done so");
        }
        tries = tries.wrapping_add(1);
        tokio::time::sleep(ASK_FOR_THE_TURN_EVERY).await;
    }
}

/// Whether these migrations are the first ones of a new database.
fn is_made(run: &[String]) -> bool {
    run.first().is_some_and(|first| is_first(first))
}

fn is_first(migration: &str) -> bool {
    Migrator::migrations()
        .first()
        .is_some_and(|first| first.name() == migration)
}

/// Why a migration failed. One whose tables are there without its record was interrupted by a version that did not run it whole.
fn not_migrated(migration: &str, is_new: bool, error: &DbErr) -> anyhow::Error {
    if DatabaseFault::of(error) != DatabaseFault::AlreadyThere {
        let why = DatabaseFault::explain("it", error);
        return anyhow!("the database could not be migrated and is as it was before {migration}: {why}");
    }
    let remedy = if is_new {
        "the database is new and holds nothing yet: delete it, and start again"
    } else {
        "restore the copy of the database from before the upgrade, and start this version again; without a copy, keep one of the \
         file as it is, and remove what the migration made"
    };
    anyhow!(
        "the database was left half migrated: an earlier version was stopped in the midst of {migration}, whose tables are there \
         without its record ({error}). This version can't run it a second time: {remedy}"
    )
}

/// The names of the migrations that this version needs and the database has not seen.
pub(crate) async fn pending(database: &Database) -> anyhow::Result<Vec<String>> {
    pending_in(database.read()).await
}

async fn pending_in<C: ConnectionTrait>(connection: &C) -> anyhow::Result<Vec<String>> {
    let applied = applied_migrations(connection).await.map_err(|error| {
        anyhow!(
            "the database's migrations could not be read: {}",
            DatabaseFault::explain("it", &error)
        )
    })?;
    let known = Migrator::migrations();
    let known: Vec<&str> = known.iter().map(|migration| migration.name()).collect();
    if applied.iter().any(|name| !known.contains(&name.as_str())) {
        bail!(
            "the database was migrated by a newer version of Tocsin than {}: run that version, or restore a backup",
            env!("CARGO_PKG_VERSION")
        );
    }
    let pending = known
        .into_iter()
        .filter(|name| !applied.iter().any(|run| run == name));
    Ok(pending.map(str::to_owned).collect())
}

/// Opens the database, and refuses one whose schema is behind.
pub(crate) async fn open_current(settings: &DatabaseSettings) -> anyhow::Result<Database> {
    if let Some(file) = settings.file()
        && !file.exists()
    {
        bail!(
            "there is no database {} yet: run `tocsin migrate` first",
            settings.shown()
        );
    }
    let database = open(settings).await?;
    let pending = pending(&database).await?;
    if !pending.is_empty() {
        bail!(
            "the database {} lacks {} of this version's migrations: run `tocsin migrate` first",
            settings.shown(),
            pending.len()
        );
    }
    Ok(database)
}

/// Opens the queue: Redis where it is configured, and else a file beside the database.
pub(crate) async fn open_queue(settings: &Settings) -> anyhow::Result<Queue> {
    let config = QueueConfig {
        redis_url: settings.redis_url.clone(),
        sqlite_path: Some(settings.database.beside("queue.db")),
        ..QueueConfig::default()
    };
    Ok(Queue::connect(&config).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_written_is_told_with_its_remedy() {
        for (kind, remedy) in [
            (
                io::ErrorKind::ReadOnlyFilesystem,
                "mount its file system for writing, or set",
            ),
            (
                io::ErrorKind::PermissionDenied,
                "change its permissions or its owner, or set",
            ),
            (io::ErrorKind::IsADirectory, "move the directory away, or set"),
        ] {
            let told = not_accessible(Path::new("tocsin.db"), &kind.into()).to_string();
            assert!(told.contains(remedy), "{told}");
        }
    }
}
