//! Trouble on demand: errors, lost answers, slowness, an outage.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What happens instead of, or besides, a proper answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// This HTTP status with an HTML body, as from a proxy before Slack.
    HttpError {
        /// For example 500 or 503.
        status: u16,
    },
    /// HTTP 200 with `ok: false` and this error, such as `internal_error` or `token_revoked`.
    Error {
        /// Slack's error code.
        error: String,
    },
    /// HTTP 429 with this `Retry-After`.
    RateLimited {
        /// Seconds.
        retry_after: u64,
    },
    /// The same, late.
    LateLimit {
        /// How late.
        seconds: f64,
        /// Seconds.
        retry_after: u64,
    },
    /// The connection breaks off in the middle of the answer.
    Drop,
    /// No answer for so long, then the connection breaks off.
    Hang {
        /// How long.
        seconds: f64,
    },
    /// A proper answer, late.
    Slow {
        /// How late.
        seconds: f64,
    },
}

/// Whether the work is left undone, or done and only the answer spoilt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// The call has no effect.
    #[default]
    Before,
    /// The call has its effect; the caller does not learn of it.
    After,
}

/// A fault that awaits calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// The method, such as `chat.postMessage`; any method when `None`.
    #[serde(default)]
    pub method: Option<String>,
    /// Only calls for this channel id.
    #[serde(default)]
    pub channel: Option<String>,
    /// How many calls it spoils; `None` is until cleared.
    #[serde(default = "once")]
    pub times: Option<u32>,
    /// How many matching calls pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// Before or after the work.
    #[serde(default)]
    pub when: When,
    /// What happens.
    #[serde(flatten)]
    pub kind: FaultKind,
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a default for serde must have the field's type"
)]
fn once() -> Option<u32> {
    Some(1)
}

impl Fault {
    /// Spoils the next call of this method, before its work.
    pub fn on(method: &str, kind: FaultKind) -> Self {
        Self {
            method: Some(method.to_owned()),
            channel: None,
            times: Some(1),
            skip: 0,
            when: When::Before,
            kind,
        }
    }

    /// The next call of this method has its effect, and its answer is lost.
    pub fn lost_answer(method: &str) -> Self {
        Self {
            when: When::After,
            ..Self::on(method, FaultKind::Drop)
        }
    }

    /// Every method answers 503 until the faults are cleared.
    pub fn down() -> Self {
        Self {
            method: None,
            times: None,
            ..Self::on("", FaultKind::HttpError { status: 503 })
        }
    }

    /// Every method says that the token was revoked, until the faults are cleared.
    pub fn token_revoked() -> Self {
        let kind = FaultKind::Error {
            error: "token_revoked".to_owned(),
        };
        Self {
            method: None,
            times: None,
            ..Self::on("", kind)
        }
    }

    /// The same fault for so many calls; `None` is until cleared.
    #[must_use]
    pub fn times(self, times: impl Into<Option<u32>>) -> Self {
        Self {
            times: times.into(),
            ..self
        }
    }

    /// The same fault, done after the work.
    #[must_use]
    pub fn after(self) -> Self {
        Self {
            when: When::After,
            ..self
        }
    }

    fn matches(&self, method: &str, channel: Option<&str>) -> bool {
        // What is wrong with the bot's token is not with the app's.
        let all_but = matches!(self.kind, FaultKind::Error { .. }).then_some("apps.connections.open");
        let is_for = match &self.method {
            Some(named) => named == method,
            None => all_but != Some(method),
        };
        is_for && (self.channel.is_none() || self.channel.as_deref() == channel)
    }
}

/// The faults that still await calls, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn list(&self) -> &[Fault] {
        &self.0
    }

    /// The fault that this call meets, counted down.
    pub(crate) fn take(&mut self, method: &str, channel: Option<&str>) -> Option<(FaultKind, When)> {
        for index in 0..self.0.len() {
            let fault = &mut self.0[index];
            if !fault.matches(method, channel) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            let met = (fault.kind.clone(), fault.when);
            let spent = fault.times.as_mut().is_some_and(|left| {
                *left = left.saturating_sub(1);
                *left == 0
            });
            if spent {
                self.0.remove(index);
            }
            return Some(met);
        }
        None
    }
}

/// The longest pause that a fault may ask for.
const LONGEST: f64 = 3_600.0;

/// A pause as asked for, within reason.
pub(crate) fn pause(seconds: f64) -> Duration {
    if seconds.is_finite() {
        Duration::from_secs_f64(seconds.clamp(0.0, LONGEST))
    } else {
        Duration::ZERO
    }
}
