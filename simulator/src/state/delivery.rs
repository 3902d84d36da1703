//! What goes to the app, what it answers, and the record of each attempt.

use bytes::Bytes;
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use url::Url;

/// One attempt to send something to the app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryAttempt {
    /// Microseconds since the epoch, when the attempt ended.
    pub at_micros: u64,
    /// `event`, `interaction` or `command`.
    pub kind: String,
    /// Type of the event or interaction (`message`, `block_actions`), or the command.
    pub what: String,
    /// `event_id`, or the trigger id of an interaction or command.
    pub id: String,
    /// 0 for the first attempt, as in `x-slack-retry-num` after that.
    pub attempt: u32,
    /// HTTP status of the answer.
    pub status: Option<u16>,
    /// Why it counts as failed: Slack's `x-slack-retry-reason`.
    pub failure: Option<String>,
}

/// What is sent, and what it is called in the record.
pub(crate) struct AppRequest {
    pub(crate) url: Url,
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
    pub(crate) kind: &'static str,
    pub(crate) what: String,
    pub(crate) id: String,
}

/// An answer with a 2xx status.
pub(crate) struct AcceptedDelivery {
    pub(crate) content_type: String,
    pub(crate) body: Bytes,
}

/// Why an attempt failed.
pub(crate) struct FailedDelivery {
    pub(crate) reason: &'static str,
    pub(crate) status: Option<StatusCode>,
    /// `x-slack-no-retry: 1` was on the answer.
    pub(crate) no_retry: bool,
}

impl FailedDelivery {
    pub(crate) fn new(reason: &'static str) -> Self {
        Self {
            reason,
            status: None,
            no_retry: false,
        }
    }
}
