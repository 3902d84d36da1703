//! Restores into a SQLite file: a new one is made beside it, and takes its place in one step.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use anyhow::{Context, anyhow, bail};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};
use tocsin_backup::applied_migrations;
use tocsin_database::{Database, DatabaseFault, take};

use super::{
    Done, Source, explained,
    file::{beside, locked, sync_directory},
    kept_name, not_empty,
};
use crate::config::{DatabaseSettings, Settings};

/// What SQLite keeps beside a database.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// What stands in the way.
enum There {
    Nothing,
    /// A database, which nobody else opens while this is held.
    Taken(DatabaseConnection),
    /// Something that SQLite can't read.
    Damaged,
}

pub(super) async fn restore(
    settings: &Settings,
    target: &Path,
    source: &Source<'_>,
    replace: bool,
) -> anyhow::Result<Done> {
    let shown = settings.database.shown();
    let there = there(target, &shown, replace).await?;
    let unfinished = beside(target, ".restoring");
    // Held to the end: whoever restores at the same time gives up.
    let lock = locked(&unfinished)?;
    let built = build(&unfinished, source).await;
    let restored = match built {
        Ok(restored) => restored,
        Err(error) => {
            clear(&unfinished);
            return Err(error);
        }
    };
    let kept = swap(target, &unfinished, &there).with_context(|| {
        format!(
            "the restored database can't take its place: it is {}, whole",
            unfinished.display()
        )
    })?;
    if let There::Taken(taken) = there {
        taken.close().await?;
    }
    drop(lock);
    Ok(Done {
        restored,
        kept: kept.map(|kept| format!("{kept}; delete it when you no longer need it")),
    })
}

/// Looks at what is there, and keeps it from being used.
async fn there(target: &Path, shown: &str, replace: bool) -> anyhow::Result<There> {
    if !target.exists() {
        return Ok(There::Nothing);
    }
    match take(target).await {
        Ok(taken) => {
            if !replace && !is_empty(&taken).await.map_err(explained)? {
                return Err(not_empty(shown));
            }
            Ok(There::Taken(taken))
        }
        Err(error) => match DatabaseFault::of(&error) {
            DatabaseFault::Locked => bail!(
                "a running process uses the database {shown}, and nothing was changed: stop Tocsin first"
            ),
            DatabaseFault::Damaged | DatabaseFault::NotADatabase if replace => Ok(There::Damaged),
            DatabaseFault::Damaged | DatabaseFault::NotADatabase => Err(not_empty(shown)),
            DatabaseFault::DiskFull
            | DatabaseFault::DiskFailed
            | DatabaseFault::ReadOnly
            | DatabaseFault::NotOpened
            | DatabaseFault::TooManyFiles
            | DatabaseFault::TooManyConnections
            | DatabaseFault::WrongPassword
            | DatabaseFault::NotAllowed
            | DatabaseFault::NoSuchDatabase
            | DatabaseFault::Unreachable
            | DatabaseFault::Restarting
            | DatabaseFault::WrongAddress
            | DatabaseFault::Deadlock
            | DatabaseFault::TooSlow
            | DatabaseFault::Interrupted
            | DatabaseFault::Busy
            | DatabaseFault::WrongSchema
            | DatabaseFault::AlreadyThere
            | DatabaseFault::Other => Err(anyhow!(DatabaseFault::explain(
                &format!("the database {shown}"),
                &error
            ))),
        },
    }
}

/// Whether there is no organisation yet.
async fn is_empty(database: &DatabaseConnection) -> Result<bool, DbErr> {
    if applied_migrations(database).await?.is_empty() {
        let any = "SELECT 1 FROM sqlite_master LIMIT 1";
        let any = Statement::from_string(DbBackend::Sqlite, any);
        return Ok(database.query_one_raw(any).await?.is_none());
    }
    let any = Statement::from_string(DbBackend::Sqlite, "SELECT 1 FROM organization LIMIT 1");
    Ok(database.query_one_raw(any).await?.is_none())
}

/// Makes the whole database, in one file.
async fn build(
    unfinished: &Path,
    source: &Source<'_>,
) -> anyhow::Result<tocsin_api::restore::RestoreOutcome> {
    for suffix in BESIDE {
        remove(&beside(unfinished, suffix))?;
    }
    let database = Database::open(DatabaseSettings::at(unfinished).url(), 1)
        .await
        .map_err(explained)?;
    let tx = database.begin_write().await.map_err(explained)?;
    let restored = source.load(&tx).await?;
    tx.commit().await.map_err(explained)?;
    database.close().await.map_err(explained)?;
    // All of it is in the one file then.
    let taken = take(unfinished).await.map_err(explained)?;
    taken.close().await.map_err(explained)?;
    File::open(unfinished)?.sync_all()?;
    Ok(restored)
}

/// Puts the new database in its place. At each moment a whole one is there.
fn swap(target: &Path, unfinished: &Path, there: &There) -> io::Result<Option<String>> {
    let kept = beside(target, &format!(".before_restore_{}", kept_name()));
    let is_there = !matches!(there, There::Nothing);
    if is_there {
        for suffix in BESIDE {
            let file = beside(target, suffix);
            if matches!(there, There::Taken(_)) {
                // All is in the file itself.
                remove(&file)?;
            } else if file.exists() {
                // Of what can't be opened, nothing is known of what stands beside it: it would be read as the new one's.
                fs::rename(&file, beside(&kept, suffix))?;
            }
        }
        fs::hard_link(target, &kept)?;
    }
    fs::rename(unfinished, target)?;
    sync_directory(target)?;
    Ok(is_there.then(|| kept.display().to_string()))
}

/// Removes what was begun. What can't be removed, the next restore writes over.
fn clear(unfinished: &Path) {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        drop(remove(&beside(unfinished, suffix)));
    }
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
