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
    /// The seconds of `Retry-After`, with status 429.
    pub retry_after: Option<u64>,
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
    /// How many there have been, forgotten ones too.
    added: usize,
}

impl<T> Record<T> {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            added: 0,
            most,
        }
    }

    pub(crate) fn add(&mut self, entry: T) {
        if self.entries.len() >= self.most {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
        self.added += 1;
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &T> {
        self.entries.iter()
    }

    /// How many entries were ever added.
    pub(crate) fn count(&self) -> usize {
        self.added
    }

    /// The entries that were added after the first `seen`, newest first; `seen` then counts all.
    pub(crate) fn fresh(&self, seen: &mut usize) -> impl Iterator<Item = &T> {
        let fresh = self.added.saturating_sub(*seen);
        *seen = self.added;
        self.entries.iter().rev().take(fresh)
    }
}

/// A call as it is kept: its arguments as text, which takes a tenth of the room of their tree.
#[derive(Debug)]
pub(crate) struct KeptCall {
    call: Call,
    args: Box<str>,
}

impl From<Call> for KeptCall {
    fn from(mut call: Call) -> Self {
        let args = Value::Object(std::mem::take(&mut call.args)).to_string().into();
        Self { call, args }
    }
}

impl KeptCall {
    /// The call as it was.
    pub(crate) fn call(&self) -> Call {
        // Written by ourselves: it can be read.
        Call {
            args: serde_json::from_str(&self.args).unwrap_or_default(),
            ..self.call.clone()
        }
    }
}
