//! What time it is at Slack, and how far this machine's clock is from it, as the answers to calls say: each carries the time at which it was given.
//!
//! Slack signs its requests by its own clock. By this machine's a bridge whose clock is six minutes off would refuse all of them.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use reqwest::header::{DATE, HeaderMap};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

/// What is not told: nobody's clock is exact, and Slack's time is given in whole seconds.
const TOLERATED: time::Duration = time::Duration::seconds(2);

/// The newest reading. Cheap to clone; clones are one.
#[derive(Clone, Debug, Default)]
pub struct Skew(Arc<Mutex<Option<Reading>>>);

#[derive(Clone, Copy, Debug)]
struct Reading {
    /// By how much this machine's clock is ahead.
    ahead: time::Duration,
    /// By how much that may be wrong.
    within: time::Duration,
    /// What time it was at Slack, and for how long this machine had been up then.
    theirs: OffsetDateTime,
    at: Duration,
}

/// By how much a reading may be wrong and still tell the time: no call takes so long.
const TELLS_TIME: time::Duration = time::Duration::seconds(30);

impl Skew {
    /// An answer has come now, so long after the call was sent.
    pub fn seen(&self, headers: &HeaderMap, took: Duration) {
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        let theirs = date.and_then(|date| OffsetDateTime::parse(date, &Rfc2822).ok());
        if let Some(theirs) = theirs {
            let reading = Reading::of(tocsin_clock::machine_now(), tocsin_clock::uptime(), theirs, took);
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reading);
        }
    }

    /// What time it is at Slack; none before it has answered a call. Whatever becomes of this machine's clock, it goes on by its uptime.
    pub fn now(&self) -> Option<OffsetDateTime> {
        let reading = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        let since = tocsin_clock::uptime().saturating_sub(reading.at);
        (reading.within < TELLS_TIME).then(|| reading.theirs + since)
    }

    /// By how much this machine's clock is ahead of Slack's, where that is certainly more than two seconds either way.
    pub fn ahead(&self) -> Option<time::Duration> {
        let reading = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        (reading.ahead.abs() - reading.within > TOLERATED).then_some(reading.ahead)
    }
}

impl Reading {
    /// The answer was given somewhere between call and answer, and in the second that it names.
    fn of(now: OffsetDateTime, at: Duration, theirs: OffsetDateTime, took: Duration) -> Self {
        let half = time::Duration::try_from(took).unwrap_or(time::Duration::ZERO) / 2;
        let second = time::Duration::milliseconds(500);
        Self {
            ahead: now - half - (theirs + second),
            within: half + second,
            theirs: theirs + second + half,
            at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_told_from_a_slow_answer() {
        let theirs = OffsetDateTime::UNIX_EPOCH;
        let told = |ahead_ms: i64, took_ms: u64| {
            let skew = Skew::default();
            let now = theirs + time::Duration::milliseconds(ahead_ms);
            let reading = Reading::of(now, Duration::ZERO, theirs, Duration::from_millis(took_ms));
            *skew.0.lock().expect("nobody else") = Some(reading);
            skew.ahead().map(time::Duration::whole_seconds)
        };
        assert_eq!(told(900, 50), None, "the same second");
        assert_eq!(told(9_000, 9_000), None, "the answer took nine seconds");
        assert_eq!(told(4_000, 50), Some(3));
        assert_eq!(told(-3_600_000, 50), Some(-3_600));
    }

    #[test]
    fn the_time_at_slack_goes_on_whatever_this_machine_believes() {
        let skew = Skew::default();
        assert_eq!(skew.now(), None, "Slack has not answered yet");
        let theirs = tocsin_clock::machine_now() - time::Duration::minutes(6);
        let mut headers = HeaderMap::new();
        let date = theirs.format(&Rfc2822).expect("a date").replace("+0000", "GMT");
        headers.insert(DATE, date.parse().expect("a header"));
        skew.seen(&headers, Duration::from_millis(50));
        let off = skew.now().expect("the time") - theirs;
        assert!(off.abs() < time::Duration::minutes(1), "{off}");
        skew.seen(&headers, Duration::from_secs(90));
        assert_eq!(skew.now(), None, "an answer that took so long says too little");
    }
}
