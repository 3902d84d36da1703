//! The record of Web API calls.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One Web API call as it was answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Microseconds since the epoch, when the call came in.
    pub at_micros: u64,
    /// For example `chat.postMessage`.
    pub method: String,
    /// Arguments, without the token.
    pub args: Map<String, Value>,
    /// HTTP status; `None` when the connection was broken off on purpose.
    pub status: Option<u16>,
    /// Slack's error code, `None` when the answer was `ok: true`.
    pub error: Option<String>,
    /// Whether the call had its effect, whatever the caller was told.
    pub done: bool,
    /// What Slack would silently ignore and a developer wants to know: arguments that do not exist, a JSON
    /// body where only forms are read.
    pub notes: Vec<String>,
}

/// How many calls are remembered.
const KEPT: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct CallLog(VecDeque<Call>);

impl CallLog {
    pub(crate) fn add(&mut self, call: Call) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(call);
    }

    pub(crate) fn list(&self) -> Vec<Call> {
        self.0.iter().cloned().collect()
    }
}
