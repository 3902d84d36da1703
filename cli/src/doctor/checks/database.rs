//! Whether the database answers, and has this version's schema.

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
        Ok(pending) if pending.is_empty() => {
            let text = format!("{shown} answers, and its schema is current");
            (Finding::good(SUBJECT, text), Some(database))
        }
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
