//! A write of the database's own, by which it shows that it can be written.

use std::time::Duration;

use sea_orm::DbErr;
use tokio::{sync::Mutex, time::Instant};

/// For how long an answer is good for others who ask.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// `SQLite`: one row, changed again and again.
pub(crate) const CHANGE: &str = "INSERT INTO database_probe (id, written_at) VALUES (1, CURRENT_TIMESTAMP) \
                      ON CONFLICT (id) DO UPDATE SET written_at = CURRENT_TIMESTAMP";

/// PostgreSQL: a row that no other replica's can meet, and that is not kept.
pub(crate) const ADD: &str =
    "INSERT INTO database_probe (id, written_at) VALUES (pg_backend_pid(), CURRENT_TIMESTAMP)";

/// The newest answer. Held while another is fetched, so that many who ask cost one write.
#[derive(Debug, Default)]
pub(crate) struct Probe(Mutex<Option<(Instant, Result<(), DbErr>)>>);

impl Probe {
    /// The newest answer where it is still good, and else what the write comes to.
    pub(crate) async fn ask(&self, write: impl Future<Output = Result<(), DbErr>>) -> Result<(), DbErr> {
        let mut newest = self.0.lock().await;
        if let Some((asked, answer)) = &*newest
            && asked.elapsed() < GOOD_FOR
        {
            return answer.clone();
        }
        let answer = write.await;
        *newest = Some((Instant::now(), answer.clone()));
        answer
    }
}
