//! Wall-clock time in the forms that Slack uses.

use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since the epoch.
#[expect(
    clippy::disallowed_methods,
    reason = "the simulator depends on none of Tocsin's crates, so that it stays a second reading of Slack"
)]
pub(crate) fn now_micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// Seconds since the epoch.
pub(crate) fn now_seconds() -> u64 {
    now_micros() / 1_000_000
}

/// The form of a message's `ts`: `1700000000.000100`.
pub(crate) fn ts(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// Whether this text has the form of a `ts`.
pub(crate) fn is_ts(text: &str) -> bool {
    text.split_once('.').is_some_and(|(seconds, fraction)| {
        !seconds.is_empty()
            && fraction.len() == 6
            && seconds
                .bytes()
                .chain(fraction.bytes())
                .all(|b| b.is_ascii_digit())
    })
}
