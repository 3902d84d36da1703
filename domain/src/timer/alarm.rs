//! Wakes the timers of this process when it has written one that is due before all others.

use std::sync::atomic::{AtomicI64, Ordering};

use time::OffsetDateTime;
use tokio::sync::Notify;

use crate::moment::micros;

/// Until when the timers of this process sleep, and what wakes them before.
#[derive(Debug)]
pub(crate) struct TimerAlarm {
    /// In microseconds since 1970. While the process looks at its timers nothing is soon enough to be missed.
    asleep_until: AtomicI64,
    nearer: Notify,
}

impl Default for TimerAlarm {
    fn default() -> Self {
        Self {
            asleep_until: AtomicI64::new(i64::MAX),
            nearer: Notify::new(),
        }
    }
}

impl TimerAlarm {
    /// A timer was written, and its transaction is committed.
    pub(crate) fn set(&self, due_at: OffsetDateTime) {
        if micros(due_at) < self.asleep_until.load(Ordering::SeqCst) {
            self.nearer.notify_one();
        }
    }

    /// From now on any timer wakes.
    pub(super) fn look(&self) {
        self.asleep_until.store(i64::MAX, Ordering::SeqCst);
    }

    /// From now on only what is due before this wakes. One that was written since the last [`Self::look`] has woken already.
    pub(super) fn sleep_until(&self, at: i64) {
        self.asleep_until.store(at, Ordering::SeqCst);
    }

    /// Waits for a timer that is nearer.
    pub(super) async fn nearer(&self) {
        self.nearer.notified().await;
    }
}
