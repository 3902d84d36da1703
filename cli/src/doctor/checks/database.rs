//! Whether the database answers, can be written, and has this version's schema.

use sea_orm::ConnectionTrait;
use tocsin_entity::database::Database;
use tokio::time::timeout;

use super::ANSWER_WITHIN;
use crate::{config::Settings, database, doctor::Finding};

const SUBJECT: &str = "database";

/// Opens the database, where it is there; it is given only where it can be read by this version.
pub(super) async fn open(settings: &Settings) -> (Finding, Option<Database>) {
    let shown = settings.database.shown();
    if let Some(finding) = not_there(settings) {
        return (finding, None);
    }
    let database = match timeout(ANSWER_WITHIN, database::open(&settings.database)).await {
        Ok(Ok(database)) => database,
        Ok(Err(error)) => return (Finding::bad(SUBJECT, format!("{error:#}")), None),
        Err(_) => {
            let text = format!("{shown} does not answer: start it, or correct TOCSIN_DATABASE_URL");
            return (Finding::bad(SUBJECT, text), None);
        }
    };
    match database::pending(&database).await {
        Ok(pending) if pending.is_empty() => (written(&shown, &database).await, Some(database)),
        Ok(pending) => {
            let text = format!(
                "{shown} lacks {} migrations: run `tocsin migrate` (`tocsin up` does by itself)",
                pending.len()
            );
            (Finding::doubtful(SUBJECT, text), None)
        }
        Err(error) => (Finding::bad(SUBJECT, format!("{error:#}")), None),
    }
}

/// Whether it can be written: a write is begun, and taken back.
async fn written(shown: &str, database: &Database) -> Finding {
    let write = async {
        let tx = database.begin_write().await?;
        tx.execute_unprepared("DELETE FROM idempotency WHERE 1 = 0")
            .await?;
        tx.rollback().await
    };
    match timeout(ANSWER_WITHIN, write).await {
        Ok(Ok(())) => Finding::good(
            SUBJECT,
            format!("{shown} answers and can be written, and its schema is current"),
        ),
        Ok(Err(error)) => Finding::bad(
            SUBJECT,
            format!(
                "{shown} can be read and not be written ({error}): see whether its disk is full or read-only, and whose it is"
            ),
        ),
        Err(_) => Finding::bad(
            SUBJECT,
            format!(
                "{shown} takes no write within {} s: another process holds it; see which one, and end it",
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
            format!(
                "there is no directory {}: create it, or correct TOCSIN_DATABASE_URL",
                directory.display()
            ),
        ),
    })
}
