//! Limits whose next place is too far away: known for a moment, so that a storm does not ask the database for each of its messages.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use time::OffsetDateTime;
use tokio::sync::OwnedMutexGuard;

use super::Purpose;

/// How long that is believed. Another worker may give a place back meanwhile.
pub(super) const BELIEVED: Duration = Duration::from_secs(1);

/// When a limit was seen, and when its next place was then.
#[derive(Clone, Copy, Debug)]
struct Seen {
    at: OffsetDateTime,
    place: OffsetDateTime,
}

/// The limits that were full when they were last asked. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Saturation {
    full: Arc<Mutex<HashMap<(String, Purpose), Seen>>>,
    turns: Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>>,
}

impl Saturation {
    /// There was no place sooner than this.
    pub(super) fn note(&self, key: &str, purpose: Purpose, now: OffsetDateTime, wait: Duration) {
        let seen = Seen {
            at: now,
            place: now + wait,
        };
        self.lock().insert((key.to_owned(), purpose), seen);
    }

    /// How far away the next place still is, if it is too far.
    pub(super) fn wait(
        &self,
        key: &str,
        purpose: Purpose,
        now: OffsetDateTime,
        max_wait: Duration,
    ) -> Option<Duration> {
        let of = (key.to_owned(), purpose);
        let mut all = self.lock();
        let seen = *all.get(&of)?;
        if now < seen.at || seen.at + BELIEVED <= now {
            all.remove(&of);
            return None;
        }
        let wait = (seen.place - now).max(time::Duration::ZERO).unsigned_abs();
        (wait > max_wait).then_some(wait)
    }

    /// A place has become free.
    pub(super) fn forget(&self, key: &str) {
        self.lock().retain(|(full, _), _| full != key);
    }

    /// The turn to ask a limit: whoever waits for it may find that it is full by then. One row of the database says so anyway.
    pub(super) async fn turn(&self, key: &str) -> OwnedMutexGuard<()> {
        self.turn_of(key).lock_owned().await
    }

    fn turn_of(&self, key: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(key.to_owned()).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(String, Purpose), Seen>> {
        self.full.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn what_is_full_is_so_for_a_moment_and_for_whoever_would_not_wait_so_long() {
        let full = Saturation::default();
        let purpose = Purpose::NewIncident;
        full.note("C1", purpose, MOMENT, seconds(10.4));
        let wait = |key, purpose, after, max| full.wait(key, purpose, MOMENT + seconds(after), seconds(max));
        assert_eq!(wait("C1", purpose, 0.1, 10.0), Some(seconds(10.3)));
        assert_eq!(
            wait("C1", purpose, 0.1, 60.0),
            None,
            "who waits longer has a place"
        );
        assert_eq!(wait("C1", purpose, 0.5, 10.0), None, "a place has come near");
        assert_eq!(wait("C2", purpose, 0.1, 10.0), None);
        assert_eq!(wait("C1", Purpose::Change, 0.1, 2.0), None);
        assert_eq!(wait("C1", purpose, 0.9, 2.0), Some(seconds(9.5)));
        assert_eq!(wait("C1", purpose, 1.0, 2.0), None, "it is old");
        full.note("C1", purpose, MOMENT, seconds(10.4));
        full.forget("C1");
        assert_eq!(wait("C1", purpose, 0.1, 2.0), None);
    }
}
