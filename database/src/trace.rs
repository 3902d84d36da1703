//! Statements in the log: each that is sent is an event of the level TRACE, with its text and without its values.

use sea_orm::DatabaseConnection;

/// `TOCSIN_LOG=tocsin_database::statement=trace` shows them.
const TARGET: &str = "tocsin_database::statement";

/// The connection, whose statements are events from now on.
pub(crate) fn traced(mut connection: DatabaseConnection) -> DatabaseConnection {
    connection.set_metric_callback(|info| {
        tracing::trace!(target: TARGET, failed = info.failed, "{}", info.statement.sql);
    });
    connection
}

/// A transaction begins, which its library does unseen.
pub(crate) fn begins() {
    tracing::trace!(target: TARGET, failed = false, "BEGIN");
}
