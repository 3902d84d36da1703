//! What the bridge reports: Slack knows more than the database, so the database was restored from a backup.

use async_graphql::{Context, InputObject, Result, SimpleObject};
use sea_orm::{EntityTrait, QuerySelect, sea_query::LockType};
use time::{Duration, OffsetDateTime};
use tocsin_entity::organization;

use super::leave_numbers_out;
use crate::{
    audit::Trail,
    error::{Trouble, UserError, told},
    node::domain,
    viewer::{Need, Viewer},
};

/// Highest number that is believed.
const NUMBER_MAX: i64 = 1_000_000_000_000;

/// How far ahead a time may be that a clock wrote which was right.
const CLOCKS_DIFFER: Duration = Duration::MINUTE;

/// What shows that the database was restored. Taken from the Slack bridge alone.
#[derive(Debug, InputObject)]
pub(crate) struct ReportRestoreInput {
    /// When the newest message was written that tells of what the database does not know.
    newest_written_at: OffsetDateTime,
    /// The highest number of an incident in such messages.
    highest_number: i64,
}

/// What came of the report.
#[derive(SimpleObject)]
pub(crate) struct ReportRestorePayload {
    /// Whether this was not known yet: numbers of incidents were left out then. Null where it was refused.
    is_news: Option<bool>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// Records the report.
pub(crate) async fn report(ctx: &Context<'_>, input: ReportRestoreInput) -> Result<ReportRestorePayload> {
    let (is_news, user_errors) = told(record(ctx, input).await)?;
    Ok(ReportRestorePayload { is_news, user_errors })
}

async fn record(ctx: &Context<'_>, input: ReportRestoreInput) -> Result<bool, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may_change(Need::Report)?;
    if !(0..=NUMBER_MAX).contains(&input.highest_number) {
        return Err(UserError::invalid("highestNumber", "This is no number of an incident.").into());
    }
    let tx = domain(ctx).database().begin_write().await?;
    let found = organization::Entity::find_by_id(organization_id)
        .lock(LockType::NoKeyUpdate)
        .one(&tx)
        .await?;
    let row = found.ok_or_else(|| UserError::not_found("organisation"))?;
    let now = domain(ctx).clock().now();
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
        &Trail::of(ctx, organization_id),
        row,
        input.highest_number,
        now,
    )
    .await?;
    tx.commit().await?;
    Ok(true)
}
