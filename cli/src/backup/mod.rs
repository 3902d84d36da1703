//! `tocsin backup` and `tocsin restore`.

mod file;
mod postgres;
mod sqlite;

use std::{fs::File, io::BufReader, path::Path};

use anyhow::{Context, anyhow, bail};
use sea_orm::DatabaseTransaction;
use time::{OffsetDateTime, macros::format_description};
use tocsin_api::restore::{self, NUMBERS_LEFT_OUT, RestoreOutcome};
use tocsin_backup::{Backup, BackupError, DatabaseSchema, Header, Summary, applied_migrations};
use tocsin_clock::Clock;
use tocsin_database::DatabaseFault;

use self::file::UnfinishedFile;
use crate::{config::Settings, database, secret, terminal::Terminal};

/// `tocsin backup FILE`.
pub(crate) async fn make(
    settings: &Settings,
    file: &Path,
    overwrite: bool,
    terminal: Terminal,
) -> anyhow::Result<()> {
    let shown = settings.database.shown();
    if settings.database.file().is_some_and(|there| !there.exists()) {
        bail!("there is no database {shown}: set TOCSIN_DATABASE_URL to the one that you want to back up");
    }
    let mut unfinished = UnfinishedFile::create(file, overwrite)?;
    let database = database::open(&settings.database).await?;
    let migrations = applied_migrations(database.read()).await.map_err(explained)?;
    if migrations.is_empty() {
        return Err(BackupError::Empty.into());
    }
    let version = env!("CARGO_PKG_VERSION");
    let schema = DatabaseSchema::after(&migrations, version).await?;
    let secret_keys = secret::present(settings)?.map_or_else(Vec::new, |sealer| sealer.key_ids());
    let kind = if database.is_sqlite() {
        "SQLite"
    } else {
        "PostgreSQL"
    };
    let header = Header::new(
        version,
        tocsin_clock::machine_now(),
        kind,
        &migrations,
        secret_keys,
    );
    let written = tocsin_backup::write(&database, &schema, &header, unfinished.writer()).await;
    let summary = written.with_context(|| format!("there is no backup of {shown}"))?;
    let bytes = unfinished.publish()?;
    let is_current = database::pending(&database).await?.is_empty();
    // An earlier version's database may have no audit log.
    let noted = if is_current {
        restore::note_backup(&database, &Clock::new()).await
    } else {
        Ok(())
    };
    database.close().await?;
    terminal.line(format!(
        "Backed up {shown} to {}: {} rows of {} tables as they were at {}, {bytes} bytes.",
        file.display(),
        summary.rows,
        summary.tables,
        moment(summary.header.made_at),
    ));
    terminal.row("sha256", &summary.checksum);
    if let Some(key) = summary.header.secret_keys.first() {
        terminal.line(format!(
            "Keep the secret key {key} as well ({}): it opens the Slack tokens in the backup, and is not in it.",
            where_the_key_is(settings)
        ));
    }
    if let Err(error) = noted {
        terminal.line(format!(
            "The backup is good, but the audit logs do not tell of it: {}.",
            DatabaseFault::explain("the database", &error)
        ));
    }
    Ok(())
}

/// `tocsin restore FILE`.
pub(crate) async fn restore(
    settings: &Settings,
    file: &Path,
    replace: bool,
    terminal: Terminal,
) -> anyhow::Result<()> {
    // Before anything is touched: the whole file is read, and its schema is made once for a trial.
    let summary = tocsin_backup::read(open(file)?).map_err(|error| not_restored(file, error))?;
    let header = &summary.header;
    let schema = DatabaseSchema::after(&header.migrations, &header.version)
        .await
        .map_err(|error| not_restored(file, error))?;
    let source = Source {
        file,
        schema: &schema,
    };
    let done = match settings.database.file() {
        Some(target) => sqlite::restore(settings, target, &source, replace).await?,
        None => postgres::restore(settings, &source, replace).await?,
    };
    terminal.line(format!(
        "Restored {} (of {}, by Tocsin {} from {}) into {}: {} rows of {} tables, {} {}.",
        file.display(),
        moment(header.made_at),
        header.version,
        header.database,
        settings.database.shown(),
        summary.rows,
        summary.tables,
        done.restored.organizations,
        if done.restored.organizations == 1 {
            "organisation"
        } else {
            "organisations"
        },
    ));
    if let Some(kept) = done.kept {
        terminal.line(format!("The database that was there is kept as {kept}."));
    }
    terminal.line(format!(
        "{NUMBERS_LEFT_OUT} incident numbers are left out, so that no link from after the backup leads to another incident."
    ));
    tell_of_keys(settings, &summary, terminal)?;
    terminal.line(
        "Start Tocsin: it compares Slack with the database, and corrects in Slack what is no longer so.",
    );
    Ok(())
}

/// Whether the secrets in the backup can be opened here.
fn tell_of_keys(settings: &Settings, summary: &Summary, terminal: Terminal) -> anyhow::Result<()> {
    let here = secret::present(settings)?.map_or_else(Vec::new, |sealer| sealer.key_ids());
    let lacking = summary.header.secret_keys.iter().find(|key| !here.contains(key));
    if let Some(key) = lacking {
        terminal.line(format!(
            "The Slack tokens in the backup are sealed under the secret key {key}, which is not {}: put it there before you start \
             Tocsin, or connect the Slack workspaces anew.",
            where_the_key_is(settings)
        ));
    }
    Ok(())
}

fn where_the_key_is(settings: &Settings) -> String {
    if settings.sealer.is_none() && settings.database.file().is_some() {
        settings.database.beside("secret.key").display().to_string()
    } else {
        "TOCSIN_SECRET_KEY".to_owned()
    }
}

/// A backup that was found good.
struct Source<'a> {
    file: &'a Path,
    schema: &'a DatabaseSchema,
}

/// What was done.
struct Done {
    restored: RestoreOutcome,
    /// Where the database is that was there before.
    kept: Option<String>,
}

impl Source<'_> {
    /// Writes it all, in a transaction over an empty schema.
    async fn load(&self, tx: &DatabaseTransaction) -> anyhow::Result<RestoreOutcome> {
        let mut backup = Backup::open(open(self.file)?).map_err(|error| not_restored(self.file, error))?;
        tocsin_backup::load(tx, self.schema, &mut backup)
            .await
            .map_err(|error| not_restored(self.file, error))?;
        restore::after_restore(tx, &Clock::new()).await.map_err(explained)
    }
}

fn open(file: &Path) -> anyhow::Result<BufReader<File>> {
    let opened =
        File::open(file).with_context(|| format!("the backup {} can't be opened", file.display()))?;
    Ok(BufReader::with_capacity(1 << 16, opened))
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn not_restored(file: &Path, error: BackupError) -> anyhow::Error {
    let why = match &error {
        BackupError::Database(error) => DatabaseFault::explain("the database", error),
        BackupError::File(_)
        | BackupError::NotABackup
        | BackupError::OtherForm { .. }
        | BackupError::Cut
        | BackupError::Altered(_)
        | BackupError::Newer { .. }
        | BackupError::Gap { .. }
        | BackupError::Empty
        | BackupError::Value { .. } => error.to_string(),
    };
    anyhow!(
        "{} is not restored, and the database is as it was: {why}",
        file.display()
    )
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn explained(error: sea_orm::DbErr) -> anyhow::Error {
    anyhow!(DatabaseFault::explain("the database", &error))
}

fn not_empty(shown: &str) -> anyhow::Error {
    anyhow!(
        "the database {shown} is not empty, and nothing was changed: `tocsin restore --replace` keeps it beside the restored one"
    )
}

fn moment(time: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    time.format(&format).unwrap_or_else(|_| time.to_string())
}

/// A name for what is kept, which sorts by time.
fn kept_name() -> String {
    let format = format_description!("[year][month][day]_[hour][minute][second]_[subsecond digits:3]");
    let now = tocsin_clock::machine_now();
    now.format(&format)
        .unwrap_or_else(|_| now.unix_timestamp().to_string())
}
