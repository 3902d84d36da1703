//! A write of the database's own, by which it shows that it can be written.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbErr};
use tokio::{sync::Mutex, time::Instant};

use crate::database::Database;

/// For how long an answer is good for others who ask.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// `SQLite`: one row, changed again and again.
const CHANGE: &str = "INSERT INTO database_probe (id, written_at) VALUES (1, CURRENT_TIMESTAMP) \
                      ON CONFLICT (id) DO UPDATE SET written_at = CURRENT_TIMESTAMP";

/// PostgreSQL: a row that no other replica's can meet, and that is not kept.
const ADD: &str = "INSERT INTO database_probe (id, written_at) VALUES (pg_backend_pid(), CURRENT_TIMESTAMP)";

/// The newest answer. Held while another is fetched, so that many who ask cost one write.
#[derive(Debug, Default)]
pub(crate) struct Probe(Mutex<Option<(Instant, Result<(), DbErr>)>>);

impl Probe {
    pub(crate) async fn ask(&self, database: &Database) -> Result<(), DbErr> {
        let mut newest = self.0.lock().await;
        if let Some((asked, answer)) = &*newest
            && asked.elapsed() < GOOD_FOR
        {
            return answer.clone();
        }
        let answer = write(database).await;
        *newest = Some((Instant::now(), answer.clone()));
        answer
    }
}

async fn write(database: &Database) -> Result<(), DbErr> {
    if database.is_sqlite() {
        database.write().execute_unprepared(CHANGE).await?;
        return Ok(());
    }
    let tx = match database.begin_write().await {
        Ok(tx) => tx,
        Err(error @ DbErr::ConnectionAcquire(_)) => return Err(database.refusal().await.unwrap_or(error)),
        Err(error) => return Err(error),
    };
    tx.execute_unprepared(ADD).await?;
    tx.rollback().await
}
