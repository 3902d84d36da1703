//! What comes from Slack: verified, stored, answered, and then worked.

use std::sync::Arc;

use tocsin_queue::{JobContext, JobError, jobs::WorkInbox};

use crate::bridge::Parts;

/// Slack's endpoints.
pub(crate) fn router(_parts: Arc<Parts>) -> axum::Router {
    axum::Router::new()
}

/// Does what a stored request asks.
#[expect(clippy::unused_async, reason = "the work comes next")]
pub(crate) async fn work(_parts: Arc<Parts>, _job: WorkInbox, _context: JobContext) -> Result<(), JobError> {
    Ok(())
}
