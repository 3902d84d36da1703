//! What becomes of a step.

use std::time::Duration;

use time::OffsetDateTime;

/// What became of a step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum DeliveryOutcome {
    /// It is done, or settled otherwise.
    Done,
    /// It must wait, and so must what depends on it.
    Wait(Wait),
    /// The message would have to wait too long for its place: the incident goes into the digest.
    ToDigest,
    /// Another worker has the incident by now.
    Lost,
}

/// Until when, and why.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wait {
    pub(crate) until: OffsetDateTime,
    /// None when it merely waits for its turn.
    pub(crate) error: Option<String>,
}

/// The longest pauses between two tries, by how many there have been: what a person must repair is noticed within a minute at first, and
/// what nobody has repaired for long costs little. What comes to work again is also told to all that wait for it.
const LONGEST: [(i32, Duration); 3] = [
    (15, Duration::from_secs(60)),
    (30, Duration::from_secs(300)),
    (i32::MAX, LONGEST_PAUSE),
];

/// The longest pause of all: what is due later than this was never meant to be, and is not believed.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(1_800);

/// How long it is waited for a turn, at the most.
const LONGEST_TURN: Duration = Duration::from_secs(30);

impl Wait {
    pub(crate) fn until(until: OffsetDateTime) -> Self {
        Self { until, error: None }
    }

    /// It has failed, and is tried again after a pause.
    pub(crate) fn error(now: OffsetDateTime, error: impl Into<String>, pause: Duration) -> Self {
        Self {
            until: now + pause.min(LONGEST_PAUSE),
            error: Some(error.into()),
        }
    }

    /// The next free place is this far away, and many may be waiting for it: they come back at different times.
    pub(crate) fn turn(now: OffsetDateTime, wait: Duration) -> Self {
        let wait = wait.min(LONGEST_TURN);
        Self::until(now + wait.mul_f64(1.0 + rand::random::<f64>()))
    }
}

/// The pause after so many attempts: doubled with each, up to the longest, and no two alike.
pub(crate) fn back_off(attempts: i32, first: Duration) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(12);
    let longest = LONGEST
        .iter()
        .find(|(until, _)| attempts <= *until)
        .map_or(Duration::MAX, |(_, longest)| *longest);
    let pause = (first * 2_u32.pow(doublings)).min(longest);
    pause.mul_f64(0.8 + 0.2 * rand::random::<f64>())
}
