//! Time that goes on evenly between two looks at a clock, and believes no step of that clock at once.

use std::time::Duration;

use time::OffsetDateTime;

use crate::{PROOF, STEP, uptime};

/// How far two readings of one clock may be apart though nobody has set it.
const JITTER: Duration = Duration::from_millis(20);

/// A time, and how long the machine had been up then.
#[derive(Debug)]
pub(crate) struct Steady {
    time: OffsetDateTime,
    at: Duration,
    is_measured: bool,
    doubted: Option<Step>,
}

/// A look that is not believed yet.
#[derive(Clone, Copy, Debug)]
struct Step {
    by: time::Duration,
    since: Duration,
}

impl Steady {
    /// Nothing has been measured: whatever is seen first is believed.
    pub(crate) fn starting_at(time: OffsetDateTime) -> Self {
        Self {
            time,
            at: uptime::now(),
            is_measured: false,
            doubted: None,
        }
    }

    pub(crate) fn is_measured(&self) -> bool {
        self.is_measured
    }

    /// Nothing has been measured here, but somebody else of this boot has: the uptime was zero at `zero`.
    pub(crate) fn go_on(&mut self, zero: OffsetDateTime) {
        if !self.is_measured {
            self.adopt(zero, Duration::ZERO);
        }
    }

    /// When the uptime was zero.
    pub(crate) fn zero(&self) -> OffsetDateTime {
        self.time - self.at
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.when(uptime::now())
    }

    fn when(&self, at: Duration) -> OffsetDateTime {
        self.time + at.saturating_sub(self.at)
    }

    /// The clock said `time` when the machine had been up for `at`, give or take `error`.
    pub(crate) fn seen(&mut self, time: OffsetDateTime, at: Duration, error: Duration) {
        let by = time - self.when(at);
        if !self.is_measured || by.unsigned_abs() <= STEP.max(error) {
            // Within the error nothing is gained by going back and forth.
            if !self.is_measured || by.unsigned_abs() > error + JITTER {
                self.adopt(time, at);
            }
            self.doubted = None;
            return;
        }
        match self.doubted {
            Some(step) if (by - step.by).unsigned_abs() <= STEP.max(error) => {
                if at.saturating_sub(step.since) >= PROOF {
                    tracing::warn!(
                        "the clock was set by {by} and has stayed there: that is the time from now on"
                    );
                    self.adopt(time, at);
                    self.doubted = None;
                }
            }
            Some(_) | None => {
                tracing::warn!(
                    "the clock was set by {by}: unless it stays there for {} s, time goes on as if it had not been",
                    PROOF.as_secs()
                );
                self.doubted = Some(Step { by, since: at });
            }
        }
    }

    fn adopt(&mut self, time: OffsetDateTime, at: Duration) {
        self.time = time;
        self.at = at;
        self.is_measured = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: time::Duration = time::Duration::HOUR;

    /// Right at first, at an uptime of zero.
    fn steady() -> Steady {
        let mut steady = Steady::starting_at(OffsetDateTime::UNIX_EPOCH);
        steady.seen(OffsetDateTime::UNIX_EPOCH, Duration::ZERO, Duration::ZERO);
        steady
    }

    /// Looks once a second from then to then, at a clock that is off by so much; by how much the time is off at the end.
    fn look(steady: &mut Steady, from: u64, to: u64, off: time::Duration) -> time::Duration {
        for second in from..=to {
            let at = Duration::from_secs(second);
            steady.seen(OffsetDateTime::UNIX_EPOCH + at + off, at, Duration::ZERO);
        }
        let end = Duration::from_secs(to);
        steady.when(end) - (OffsetDateTime::UNIX_EPOCH + end)
    }

    #[test]
    fn a_clock_that_is_wrong_for_five_seconds_changes_nothing() {
        for off in [HOUR, -HOUR] {
            let mut steady = steady();
            assert_eq!(look(&mut steady, 1, 5, off), time::Duration::ZERO);
            assert_eq!(
                look(&mut steady, 6, 60, time::Duration::ZERO),
                time::Duration::ZERO
            );
            // What was doubted then does not count for the next time.
            assert_eq!(look(&mut steady, 61, 90, off), time::Duration::ZERO);
        }
    }

    #[test]
    fn a_clock_that_stays_where_it_was_set_is_believed() {
        for off in [HOUR, -HOUR] {
            let mut steady = steady();
            assert_eq!(look(&mut steady, 1, 30, off), time::Duration::ZERO);
            assert_eq!(look(&mut steady, 31, 31, off), off);
        }
    }

    #[test]
    fn a_clock_that_jumps_about_is_not_believed() {
        let mut steady = steady();
        for second in 1..=120 {
            let off = if second % 2 == 0 { HOUR } else { 2 * HOUR };
            assert_eq!(look(&mut steady, second, second, off), time::Duration::ZERO);
        }
    }

    #[test]
    fn a_clock_that_drifts_is_followed_and_one_within_the_error_is_not() {
        let mut steady = steady();
        let drift = time::Duration::milliseconds(500);
        assert_eq!(look(&mut steady, 1, 1, drift), drift);
        let at = Duration::from_secs(2);
        steady.seen(OffsetDateTime::UNIX_EPOCH + at, at, Duration::from_secs(1));
        assert_eq!(steady.when(at) - (OffsetDateTime::UNIX_EPOCH + at), drift);
    }

    #[test]
    fn what_is_measured_first_is_believed() {
        let mut steady = Steady::starting_at(OffsetDateTime::UNIX_EPOCH);
        assert!(!steady.is_measured());
        let at = Duration::from_secs(1);
        steady.seen(OffsetDateTime::UNIX_EPOCH + HOUR, at, Duration::ZERO);
        assert_eq!(steady.when(at), OffsetDateTime::UNIX_EPOCH + HOUR);
    }
}
