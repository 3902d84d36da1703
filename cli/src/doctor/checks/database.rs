//! Whether the database answers, can be written, and has this version's schema.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tocsin_database::{Database, DatabaseFault};
use tokio::time::timeout;

use super::ANSWER_WITHIN;
use crate::{
    config::Settings,
    database,
    doctor::{DoctorPage, Finding},
};

const SUBJECT: &str = "database";

/// How long a SQLite file is looked at.
const LOOK_WITHIN: Duration = Duration::from_secs(30);

/// Opens the database, where it is there; it is given only where it can be read by this version.
pub(super) async fn open(settings: &Settings) -> (Finding, Option<Database>) {
    let shown = settings.database.shown();
    if let Some(finding) = not_there(settings) {
        return (finding, None);
    }
    let database = match timeout(ANSWER_WITHIN, database::open(&settings.database)).await {
        Ok(Ok(database)) => database,
        Ok(Err(error)) => {
            return (
                Finding::bad(SUBJECT, DoctorPage::DatabaseNotOpened, format!("{error:#}")),
                None,
            );
        }
        Err(_) => {
            let text = format!("{shown} does not answer: start it, or correct TOCSIN_DATABASE_URL");
            return (Finding::bad(SUBJECT, DoctorPage::DatabaseNoAnswer, text), None);
        }
    };
    match database::pending(&database).await {
        Ok(pending) if pending.is_empty() => {
            if let Some(finding) = damaged(&database, &shown).await {
                return (finding, None);
            }
            (written(&shown, &database).await, Some(database))
        }
        Ok(pending) => {
            let text = format!(
                "{shown} lacks {} migrations: run `tocsin migrate` (`tocsin up` does by itself)",
                pending.len()
            );
            (
                Finding::doubtful(SUBJECT, DoctorPage::DatabaseMigrationsPending, text),
                None,
            )
        }
        Err(error) => (
            Finding::bad(
                SUBJECT,
                DoctorPage::DatabaseMigrationsUnknown,
                format!("{error:#}"),
            ),
            None,
        ),
    }
}

/// Whether a SQLite file is damaged behind its first pages, which nobody sees until that part is read.
async fn damaged(database: &Database, shown: &str) -> Option<Finding> {
    if !database.is_sqlite() {
        return None;
    }
    let look = Statement::from_string(DbBackend::Sqlite, "PRAGMA quick_check(1)");
    let said = match timeout(LOOK_WITHIN, database.read().query_one_raw(look)).await {
        Ok(Ok(row)) => row?.try_get::<String>("", "quick_check").ok()?,
        Ok(Err(error)) => {
            let whose = format!("the database {shown}");
            return Some(Finding::bad(
                SUBJECT,
                DoctorPage::DatabaseUnread,
                DatabaseFault::explain(&whose, &error),
            ));
        }
        // Too large to be read whole while somebody waits.
        Err(_) => return None,
    };
    let damaged = DatabaseFault::Damaged;
    (said != "ok").then(|| {
        let text = format!(
            "the database {shown} {}: {} ({said})",
            damaged.cause(),
            damaged.remedy()
        );
        Finding::bad(SUBJECT, DoctorPage::DatabaseDamaged, text)
    })
}

/// Whether it can be written: a write is begun, and taken back.
async fn written(shown: &str, database: &Database) -> Finding {
    match timeout(ANSWER_WITHIN, database.probe_write()).await {
        Ok(Ok(())) => Finding::good(
            SUBJECT,
            format!("{shown} answers and can be written, and its schema is current"),
        ),
        Ok(Err(error)) => {
            let whose = format!("the database {shown}");
            Finding::bad(
                SUBJECT,
                DoctorPage::DatabaseNotWritten,
                DatabaseFault::explain(&whose, &error),
            )
        }
        Err(_) => Finding::bad(
            SUBJECT,
            DoctorPage::DatabaseHeld,
            format!(
                "{shown} takes no write within {} s: another process holds it; find out which one, and end it",
                ANSWER_WITHIN.as_secs()
            ),
        ),
    }
}

/// A SQLite file that is yet to be made, or could not be.
fn not_there(settings: &Settings) -> Option<Finding> {
    let file = settings.database.file().filter(|file| !file.exists())?;
    let directory = file
        .parent()
        .filter(|path| !path.as_os_str().is_empty() && !path.is_dir());
    Some(match directory {
        None => {
            let shown = settings.database.shown();
            Finding::good(SUBJECT, format!("{shown} is not there yet; `tocsin up` makes it"))
        }
        Some(directory) => Finding::bad(
            SUBJECT,
            DoctorPage::DatabaseDirectoryMissing,
            format!(
                "there is no directory {}: create it, or correct TOCSIN_DATABASE_URL",
                directory.display()
            ),
        ),
    })
}
