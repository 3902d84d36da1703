//! How long Slack, or whatever stands before it, wants to be left alone.
//!
//! Source: RFC 9110, section 10.2.3: whole seconds, or a date. What is neither says nothing, and no pause is longer than a day, since nobody
//! means that: a page would wait for it.

use std::time::Duration;

use http::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

/// The longest pause that is believed of Slack; it asks for some seconds, or minutes.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(86_400);

/// The shortest pause: to be called again at once is nothing that asks to wait.
const SHORTEST: Duration = Duration::from_millis(100);

/// The pause that the headers ask for, if they do; `now` is what time it is here, for a date in an answer that does not say what time it is there.
pub fn read(headers: &HeaderMap, now: OffsetDateTime) -> Option<Duration> {
    let said = text(headers, &RETRY_AFTER)?;
    let pause = seconds(said).or_else(|| {
        let until = date(said)?;
        // By the clock that the date was made by, where the answer says what time it is there.
        let now = text(headers, &DATE).and_then(date).unwrap_or(now);
        Some((until - now).max(time::Duration::ZERO).unsigned_abs())
    })?;
    Some(pause.clamp(SHORTEST, RETRY_AFTER_MAX))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

/// Whole seconds, and fractions of them; however many digits there are.
fn seconds(said: &str) -> Option<Duration> {
    let is_number = said.starts_with(|first: char| first.is_ascii_digit())
        && said.chars().all(|c| c.is_ascii_digit() || c == '.');
    let seconds: f64 = said.parse().ok().filter(|_| is_number)?;
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

fn date(said: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(said, &Rfc2822).ok()
}

#[cfg(test)]
mod tests {
    use http::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn told(said: &[u8]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_bytes(said).ok()?);
        headers.insert(DATE, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
        read(&headers, OffsetDateTime::UNIX_EPOCH)
    }

    #[test]
    fn every_form_is_read_or_says_nothing_and_none_is_longer_than_a_day() {
        for (said, pause) in [
            ("30", Some(Duration::from_secs(30))),
            (" 30 ", Some(Duration::from_secs(30))),
            ("1.5", Some(Duration::from_millis(1_500))),
            ("0", Some(SHORTEST)),
            ("86401", Some(DAY)),
            ("18446744073709551615", Some(DAY)),
            ("18446744073709551616", Some(DAY)),
            ("999999999999999999999999999999999999999999", Some(DAY)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(Duration::from_secs(60))),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(SHORTEST)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(DAY)),
            ("-1", None),
            ("", None),
            ("soon", None),
            ("NaN", None),
            ("inf", None),
            ("1e3", None),
            ("1.2.3", None),
        ] {
            assert_eq!(told(said.as_bytes()), pause, "{said}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_server_says_is_a_pause_of_a_day_at_the_most(said in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Some(pause) = told(&said) {
                prop_assert!(pause <= DAY);
            }
        }
    }
}
