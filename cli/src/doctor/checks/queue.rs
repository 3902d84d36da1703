//! Whether the queue works: a job is pushed and taken.

use tocsin_queue::{Queue, QueueConfig};
use tokio::time::timeout;

use super::{ANSWER_WITHIN, CheckContext};
use crate::doctor::{DoctorPage, Finding};

const SUBJECT: &str = "queue";

pub(super) async fn check(context: &CheckContext<'_>) -> Vec<Finding> {
    let redis_url = context.settings.redis_url.clone();
    let file = context.settings.database.beside("queue.db");
    if redis_url.is_none() && !file.exists() {
        return vec![Finding::good(SUBJECT, "embedded, in a file beside the database")];
    }
    let (what, remedy) = if redis_url.is_some() {
        ("Redis", "start Redis, or correct TOCSIN_REDIS_URL".to_owned())
    } else {
        let file = file.display();
        let remedy = format!(
            "see whether {file} can be written; it holds nothing that can't be found again, and may be moved away"
        );
        ("the embedded queue", remedy)
    };
    let config = QueueConfig {
        redis_url,
        sqlite_path: Some(file),
        ..QueueConfig::default()
    };
    let health = async { Queue::connect(&config).await?.health().await };
    let finding = match timeout(ANSWER_WITHIN, health).await {
        Ok(Ok(())) => Finding::good(SUBJECT, format!("{what} takes jobs and gives them back")),
        Ok(Err(error)) => {
            // Where the cause is known, the remedy is in its text.
            if error.is_unexplained() {
                Finding::bad(SUBJECT, DoctorPage::QueueFails, format!("{error}: {remedy}"))
            } else {
                Finding::bad(SUBJECT, DoctorPage::QueueFails, error.to_string())
            }
        }
        Err(_) => Finding::bad(
            SUBJECT,
            DoctorPage::QueueNoAnswer,
            format!("{what} does not answer: {remedy}"),
        ),
    };
    vec![finding]
}
