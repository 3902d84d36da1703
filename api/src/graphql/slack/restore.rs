//! What the bridge reports: Slack knows more than the database, so the database was restored from a backup.

use async_graphql::{Context, InputObject, SimpleObject};
use time::OffsetDateTime;

use crate::graphql::{
    context::request,
    failure::{Result, UserError, into_payload},
};

/// What shows that the database was restored. Taken from the Slack bridge alone.
#[derive(Debug, InputObject)]
pub(crate) struct ReportRestoreInput {
    /// When the newest message was written that tells of what the database does not know.
    newest_written_at: OffsetDateTime,
    /// The highest number of an incident in such messages.
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
    let (is_news, user_errors) =
        into_payload(tocsin_domain::restore::record(&request(ctx), input.command()).await)?;
    Ok(ReportRestorePayload { is_news, user_errors })
}
