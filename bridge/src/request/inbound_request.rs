//! A request to be worked, and what came of it.

use serde_json::Value;
use time::{Duration, OffsetDateTime};
use tocsin_entity::id::InboxId;
use tocsin_queue::JobError;

use crate::installation::AppInstallation;

/// What came of working a request; a failure says whether to try again.
pub(crate) type WorkResult = Result<RequestOutcome, JobError>;

/// What came of working a request, as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestOutcome {
    /// It was for us.
    Done(&'static str),
    /// It was not: what people say elsewhere is forgotten at once.
    NotOurs(&'static str),
}

/// A request to be worked.
#[derive(Debug, Clone)]
pub(crate) struct InboundRequest {
    pub(crate) id: InboxId,
    pub(crate) payload: Value,
    /// For which it came, and where alone it may do anything.
    pub(crate) installation: AppInstallation,
    pub(crate) request_id: Option<String>,
    /// When it came.
    pub(crate) received_at: OffsetDateTime,
    /// When this try to work it began.
    pub(crate) taken_up_at: OffsetDateTime,
}

impl InboundRequest {
    /// How long ago it came.
    pub(crate) fn age(&self) -> Duration {
        self.taken_up_at - self.received_at
    }

    /// What makes a mutation the same one when it is repeated.
    pub(crate) fn idempotency_key(&self) -> String {
        self.id.to_string()
    }
}
