//! Slack's names for messages, which say when they were written.

use time::{Duration, OffsetDateTime};

/// When a message was written, by its name: seconds since 1970, and microseconds that Slack makes unique in the channel. None where it is no
/// such name; whoever signs a request can write anything.
///
/// Source: Slack, "Retrieving messages", `ts`.
pub fn said_at(ts: &str) -> Option<OffsetDateTime> {
    let (seconds, micros) = ts.split_once('.')?;
    let at = OffsetDateTime::from_unix_timestamp(seconds.parse().ok()?).ok()?;
    let micros: u32 = micros.parse().ok()?;
    at.checked_add(Duration::microseconds(micros.into()))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_messages_name_says_when_it_was_written() {
        let at = datetime!(2016-12-29 18:40:04.017506 UTC);
        assert_eq!(said_at("1483036804.017506"), Some(at));
        assert_eq!(said_at("2.0"), Some(datetime!(1970-01-01 0:00:02 UTC)));
    }

    #[test]
    fn what_is_no_name_says_nothing() {
        for ts in [
            "",
            "now",
            "1483036804",
            "1483036804.x",
            "-1.-1",
            "99999999999999.000001",
            "253402300799.4294967295",
            "1.99999999999999999999",
        ] {
            assert_eq!(said_at(ts), None, "{ts}");
        }
    }
}
