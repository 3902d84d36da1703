//! Due times that no right clock has written.
//!
//! Every pause has a longest length. What is due later than that was put off by a clock that was wrong, or is wrong by now, and would wait for
//! as long as the clock was off: it is made due at once. Likewise a claim that would hold for longer than any does has run out.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbErr, Statement, Value};
use time::OffsetDateTime;
use tocsin_database::Database;

use crate::{
    inbound,
    mirror::outcome::LONGEST_PAUSE,
    pace,
    store::{home, lease::LEASE},
    workspace_sync::rotate,
};

/// Pauses are measured from a moment ago, and replicas' clocks differ a little.
const MARGIN: Duration = Duration::from_secs(60);

/// A time that is compared with now, and how far ahead it may lie.
struct Bound {
    table: &'static str,
    column: &'static str,
    longest: Duration,
    /// The rows that still wait for it, as an index has them.
    waiting: &'static str,
}

const BEHIND: &str = "shown_version < wanted_version";

const BOUNDS: [Bound; 8] = [
    bound("slack_incident", "due_at", LONGEST_PAUSE, BEHIND),
    bound("slack_incident", "claimed_until", LEASE, BEHIND),
    bound("slack_digest", "due_at", LONGEST_PAUSE, BEHIND),
    bound("slack_digest", "claimed_until", LEASE, BEHIND),
    bound("slack_home", "due_at", LONGEST_PAUSE, BEHIND),
    bound("slack_home", "claimed_until", home::CLAIM, BEHIND),
    bound(
        "slack_inbox",
        "due_at",
        inbound::LONGEST_PAUSE,
        "state = 'PENDING'",
    ),
    bound(
        "slack_token",
        "claimed_until",
        rotate::CLAIM,
        "claimed_by IS NOT NULL",
    ),
];

const fn bound(table: &'static str, column: &'static str, longest: Duration, waiting: &'static str) -> Bound {
    Bound {
        table,
        column,
        longest,
        waiting,
    }
}

/// Makes due at once what lies further ahead than it may, and says so in the log.
pub(crate) async fn repair(database: &Database, now: OffsetDateTime) -> Result<(), DbErr> {
    for Bound {
        table,
        column,
        longest,
        waiting,
    } in BOUNDS
    {
        let found = format!("FROM {table} WHERE {waiting} AND {column} > $1");
        let latest: Value = (now + longest + MARGIN).into();
        // Looked for first: on SQLite a write waits for all others, and there is nearly never anything.
        let any = statement(
            database,
            format!("SELECT 1 AS found {found} LIMIT 1"),
            [latest.clone()],
        );
        if database.read().query_one_raw(any).await?.is_none() {
            continue;
        }
        let mend = format!("UPDATE {table} SET {column} = $2 WHERE {waiting} AND {column} > $1");
        let mended = statement(database, mend, [latest, now.into()]);
        let rows = database.write().execute_raw(mended).await?.rows_affected();
        log_repair(table, column, rows);
    }
    let rows = pace::repair(database, now).await?;
    log_repair("slack_pace", "blocked_until", rows);
    Ok(())
}

fn log_repair(table: &'static str, column: &'static str, rows: u64) {
    if rows > 0 {
        metrics::counter!("tocsin_bridge_times_repaired_total", "table" => table).increment(rows);
        tracing::warn!(
            rows,
            "{rows} times in {table}.{column} lay further ahead than any pause is long: a clock is or was wrong, and they are not waited for"
        );
    }
}

fn statement<const N: usize>(database: &Database, sql: String, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(database.write().get_database_backend(), sql, values)
}
