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

/// The last entries of something, oldest first.
#[derive(Debug)]
pub(crate) struct Record<T> {
    entries: VecDeque<T>,
    most: usize,
}

impl<T: Clone> Record<T> {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            most,
        }
    }

    pub(crate) fn add(&mut self, entry: T) {
        if self.entries.len() >= self.most {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    pub(crate) fn list(&self) -> Vec<T> {
        self.entries.iter().cloned().collect()
    }
}
