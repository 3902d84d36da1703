//! What the bridge reports: Slack knows more than the database, so the database was restored from a backup.

use async_graphql::{Context, InputObject, SimpleObject};
use time::OffsetDateTime;

use crate::graphql::{
    context::request,
    failure::{Result, UserError, into_payload},
};

/// The evidence that the database was restored from a backup. Accepted from the Slack bridge alone.
#[derive(Debug, InputObject)]
pub(crate) struct ReportRestoreInput {
    /// The time of the newest Slack message that shows something the database doesn't know.
    newest_written_at: OffsetDateTime,
    /// The highest number of an incident in such messages, from 0 to 1,000,000,000,000.
    highest_number: i64,
}

impl ReportRestoreInput {
    fn command(self) -> tocsin_domain::restore::ReportRestore {
        tocsin_domain::restore::ReportRestore {
            newest_written_at: self.newest_written_at,
            highest_number: self.highest_number,
        }
    }
}

/// The result of the report that the database was restored.
#[derive(SimpleObject)]
pub(crate) struct ReportRestorePayload {
    /// Whether the restore wasn't known yet, so that Tocsin skips some incident numbers; null if the report was refused.
    is_news: Option<bool>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// Records the report.
pub(crate) async fn report(ctx: &Context<'_>, input: ReportRestoreInput) -> Result<ReportRestorePayload> {
    let (is_news, user_errors) =
        into_payload(tocsin_domain::restore::record(&request(ctx), input.command()).await)?;
    Ok(ReportRestorePayload { is_news, user_errors })
}
