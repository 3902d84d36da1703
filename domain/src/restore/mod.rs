//! What a backup and a restored backup mean for the domain.
//!
//! What happened after the backup was taken is lost, but not forgotten by people: numbers of incidents are in messages, mails and links. So
//! numbers are left out, and none comes to mean another incident.

mod report;

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ConnectionTrait, DbErr, IntoActiveModel, QueryOrder};
use time::OffsetDateTime;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::organization;

pub use self::report::{ReportRestore, record};
use crate::{audit::AuditTrail, limits, session, tenant::everywhere};

/// So many numbers of incidents are left out after a restore, in each organisation: more than are given between two backups.
pub const NUMBERS_LEFT_OUT: i64 = 1_000;

/// What was restored.
#[derive(Debug)]
pub struct RestoreOutcome {
    /// How many organisations.
    pub organizations: usize,
}

/// Writes into the audit logs that a backup of everything was taken.
///
/// # Errors
/// The database's own.
pub async fn note_backup(database: &Database, clock: &Clock) -> Result<(), DbErr> {
    let tx = database.begin_write().await?;
    for row in organizations(&tx).await? {
        let trail = AuditTrail::of_command_line(clock, row.id, "backUpDatabase");
        trail.copied(&tx, &row).await?;
    }
    tx.commit().await
}

/// Makes of restored rows a database to go on with: leaves numbers of incidents out, signs everybody out, and writes into the audit logs that it was restored.
///
/// # Errors
/// The database's own.
pub async fn after_restore(tx: &impl ConnectionTrait, clock: &Clock) -> Result<RestoreOutcome, DbErr> {
    let rows = organizations(tx).await?;
    let organizations = rows.len();
    for row in rows {
        let trail = AuditTrail::of_command_line(clock, row.id, "restoreDatabase");
        leave_numbers_out(tx, &trail, row, 0, trail.now()).await?;
    }
    session::end_everything(tx, clock.now()).await?;
    Ok(RestoreOutcome { organizations })
}

/// The next number is beyond all that may be known outside: those of before, those up to `seen`, and a margin.
pub(crate) async fn leave_numbers_out(
    tx: &impl ConnectionTrait,
    trail: &AuditTrail,
    before: organization::Model,
    seen: i64,
    now: OffsetDateTime,
) -> Result<organization::Model, DbErr> {
    let last = before.last_incident_number.max(seen);
    let mut row = before.clone().into_active_model();
    row.last_incident_number = Set(last.saturating_add(NUMBERS_LEFT_OUT));
    row.restored_at = Set(Some(limits::time(now)));
    let after = row.update(tx).await?;
    trail.changed(tx, &before, &after).await?;
    Ok(after)
}

async fn organizations(tx: &impl ConnectionTrait) -> Result<Vec<organization::Model>, DbErr> {
    everywhere::<organization::Entity>("a backup holds every organisation")
        .order_by_asc(organization::Column::Id)
        .all(tx)
        .await
}
