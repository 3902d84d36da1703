//! What the bridge reports: Slack knows more than the database, so the database was restored from a backup.

use sea_orm::{QuerySelect, sea_query::LockType};
use time::{Duration, OffsetDateTime};

use super::leave_numbers_out;
use crate::{
    audit::AuditTrail,
    error::{MutationError, UserError},
    request::Request,
    tenant::Tenant,
    viewer::Permission,
};

/// Highest number that is believed.
const NUMBER_MAX: i64 = 1_000_000_000_000;

/// How far ahead a time may be that a clock wrote which was right.
const CLOCKS_DIFFER: Duration = Duration::MINUTE;

/// What shows that the database was restored. Taken from the Slack bridge alone.
#[derive(Debug)]
pub struct ReportRestore {
    /// When the newest message was written that tells of what the database does not know.
    pub newest_written_at: OffsetDateTime,
    /// The highest number of an incident in such messages.
    pub highest_number: i64,
}

/// Records the report; whether it is news.
pub async fn record(request: &Request<'_>, input: ReportRestore) -> Result<bool, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Report)?;
    if !(0..=NUMBER_MAX).contains(&input.highest_number) {
        return Err(UserError::invalid("highestNumber", "This is no number of an incident.").into());
    }
    let tx = request.domain.database().begin_write().await?;
    let found = Tenant::of(organization_id)
        .organization()
        .lock(LockType::NoKeyUpdate)
        .one(&tx)
        .await?;
    let row = found.ok_or_else(|| UserError::not_found("organisation"))?;
    let now = request.domain.clock().now();
    let newest = input.newest_written_at;
    // A clock that was ahead wrote a time that is still to come: it would be news again and again, and says nothing.
    let says_nothing = newest > now + CLOCKS_DIFFER;
    let is_known = row.restored_at.is_some_and(|at| says_nothing || at >= newest);
    if is_known && row.last_incident_number >= input.highest_number {
        return Ok(false);
    }
    tracing::warn!(
        "the database of {organization_id} was restored from a backup: Slack shows incidents up to #{}, and later states than are known here",
        input.highest_number
    );
    leave_numbers_out(
        &tx,
        &AuditTrail::of(request, organization_id),
        row,
        input.highest_number,
        now,
    )
    .await?;
    tx.commit().await?;
    Ok(true)
}
