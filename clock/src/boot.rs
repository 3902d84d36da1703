//! What one process leaves to the next of this machine's time.
//!
//! A SQLite file is used on one machine, whose clock is the database's. A process that starts while that clock is wrong would believe it: there
//! is nothing to compare it with. So the time at which the machine's uptime was zero is kept in `machine_clock`, with the boot that it is of.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use time::OffsetDateTime;

/// The only row: the file moves to another machine, or this one boots, and what was kept is replaced.
const READ: &str = "SELECT zero_us FROM machine_clock WHERE id = 1 AND boot_id = ?";

const KEEP: &str = "INSERT INTO machine_clock (id, boot_id, zero_us) VALUES (1, ?, ?) \
    ON CONFLICT (id) DO UPDATE SET boot_id = excluded.boot_id, zero_us = excluded.zero_us";

/// Names the time since this machine was started; none where that isn't known.
pub(crate) fn id() -> Option<String> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

/// When the uptime was zero, as the last process of this boot knew it.
pub(crate) async fn read(
    database: &impl ConnectionTrait,
    boot: &str,
) -> Result<Option<OffsetDateTime>, DbErr> {
    let asked = Statement::from_sql_and_values(DbBackend::Sqlite, READ, [boot.into()]);
    let Some(row) = database.query_one_raw(asked).await? else {
        return Ok(None);
    };
    let zero: i64 = row.try_get("", "zero_us")?;
    Ok(OffsetDateTime::from_unix_timestamp_nanos(i128::from(zero) * 1_000).ok())
}

/// Leaves it to the next process.
pub(crate) async fn keep(
    database: &impl ConnectionTrait,
    boot: &str,
    zero: OffsetDateTime,
) -> Result<(), DbErr> {
    let micros = i64::try_from(zero.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX);
    let kept = Statement::from_sql_and_values(DbBackend::Sqlite, KEEP, [boot.into(), micros.into()]);
    database.execute_raw(kept).await.map(|_| ())
}
