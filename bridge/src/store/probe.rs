//! Whether work can be claimed: what the bridge does before anything else.

use sea_orm::{ConnectionTrait, DbErr};
use tocsin_database::Database;

/// Claims no row, by the same table and under the same locks as if there were one.
const CLAIM: &str = "UPDATE slack_incident SET claimed_by = claimed_by WHERE 1 = 0";

/// Claims nothing, and takes it back.
///
/// # Errors
/// The database's own.
pub(crate) async fn claim(database: &Database) -> Result<(), DbErr> {
    let tx = database.begin_write().await?;
    tx.execute_unprepared(CLAIM).await?;
    tx.rollback().await
}
