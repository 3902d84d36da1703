//! Whether the queue answers.

use tocsin_queue::{Queue, QueueConfig};
use tokio::time::timeout;

use super::{ANSWER_WITHIN, Scene};
use crate::doctor::Finding;

const SUBJECT: &str = "queue";

pub(super) async fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let redis_url = scene.settings.redis_url.clone();
    if redis_url.is_none() {
        return vec![Finding::good(SUBJECT, "embedded, in a file beside the database")];
    }
    let config = QueueConfig {
        redis_url,
        ..QueueConfig::default()
    };
    let health = async { Queue::connect(&config).await?.health().await };
    let finding = match timeout(ANSWER_WITHIN, health).await {
        Ok(Ok(())) => Finding::good(SUBJECT, "Redis takes jobs and gives them back"),
        Ok(Err(error)) => {
            let text = error.to_string();
            // Where the cause is known, the remedy is in it.
            let remedy = if text.starts_with("the queue's backend failed") {
                ": start Redis, or correct TOCSIN_REDIS_URL"
            } else {
                ""
            };
            Finding::bad(SUBJECT, text + remedy)
        }
        Err(_) => Finding::bad(
            SUBJECT,
            "Redis does not answer: start it, or correct TOCSIN_REDIS_URL",
        ),
    };
    vec![finding]
}
