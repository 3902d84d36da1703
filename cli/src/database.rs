//! The database and the queue, opened; a refusal says what to do.

use std::{fs::OpenOptions, io, path::Path};

use anyhow::{Context, anyhow, bail};
use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::MigratorTrait;
use tocsin_entity::database::Database;
use tocsin_migration::Migrator;
use tocsin_queue::{Queue, QueueConfig};
use tracing::info;

use crate::config::{DatabaseSettings, Settings};

/// The lock that whoever migrates a PostgreSQL database holds, so that replicas which start together take turns.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(7431062873)";

/// Opens the database as it is.
pub(crate) async fn open(settings: &DatabaseSettings) -> anyhow::Result<Database> {
    if let Some(file) = settings.file() {
        accessible(file)?;
    }
    // Migrating needs a second connection beside the one that holds the lock.
    Database::open(settings.url(), settings.connections.max(2))
        .await
        .map_err(|error| unreachable(settings, &error))
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
        Err(error) => Err(anyhow!(
            "the database file {} can't be read and written ({error}): change its permissions or its owner, or set \
             TOCSIN_DATABASE_URL to another file",
            file.display()
        )),
    }
}

fn unreachable(settings: &DatabaseSettings, error: &DbErr) -> anyhow::Error {
    let shown = settings.shown();
    let text = error.to_string();
    if text.contains("file is not a database") {
        return anyhow!("{shown} is not a SQLite database: set TOCSIN_DATABASE_URL to another file");
    }
    // A server that refuses the connection is asked again until the time for it is over.
    if matches!(error, DbErr::ConnectionAcquire(_)) || text.contains("timed out") {
        return anyhow!(
            "the database {shown} does not answer ({text}): start it, or correct TOCSIN_DATABASE_URL"
        );
    }
    anyhow!("the database {shown} can't be opened ({text}): correct TOCSIN_DATABASE_URL")
}

/// Brings the schema to this version's; gives the names of the migrations that were run.
pub(crate) async fn migrate(database: &Database) -> anyhow::Result<Vec<String>> {
    if pending(database).await?.is_empty() {
        return Ok(Vec::new());
    }
    let turn = if database.is_sqlite() {
        None
    } else {
        let turn = database.begin_write().await?;
        turn.execute_unprepared(MIGRATION_LOCK).await?;
        Some(turn)
    };
    // Whoever had the lock before may have run them all.
    let pending = pending(database).await?;
    Migrator::up(database.write(), None)
        .await
        .context("the database could not be migrated; nothing but whole migrations has been kept")?;
    if let Some(turn) = turn {
        turn.commit().await?;
    }
    if !pending.is_empty() {
        info!("migrated the database: {}", pending.join(", "));
    }
    Ok(pending)
}

/// The names of the migrations that this version needs and the database has not seen.
pub(crate) async fn pending(database: &Database) -> anyhow::Result<Vec<String>> {
    match Migrator::get_pending_migrations_read_only(database.read()).await {
        Ok(pending) => Ok(pending
            .iter()
            .map(|migration| migration.name().to_owned())
            .collect()),
        Err(DbErr::Custom(text)) if text.contains("is missing") => Err(anyhow!(
            "the database was migrated by a newer version of Tocsin than {}: run that version, or restore a backup",
            env!("CARGO_PKG_VERSION")
        )),
        Err(error) => Err(error).context("the database's migrations could not be read"),
    }
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
