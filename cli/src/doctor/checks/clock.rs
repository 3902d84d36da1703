//! Whether this machine's clock agrees with Slack's, by which Slack signs its requests, and with the database's, which is used for what is written down.

use std::time::Instant;

use time::{Duration, OffsetDateTime, format_description::well_known::Rfc2822};
use tocsin_database::Database;

use super::{ANSWER_WITHIN, CheckContext};
use crate::{
    doctor::{DoctorPage, Finding},
    roles::{self, CLOCK_TOLERANCE},
};

const SUBJECT: &str = "clock";

/// How far it may be off before Slack's requests are in danger, until Slack has said what time it is: they are taken within five minutes.
const DANGEROUS: Duration = Duration::minutes(4);

pub(super) async fn check(context: &CheckContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_connected = context
        .connected
        .as_ref()
        .is_ok_and(|connected| !connected.is_empty());
    if roles::has_app(context.settings) || is_connected {
        let sent = Instant::now();
        // Whatever it answers: each answer says when it was given.
        if let Some(theirs) = date_at(context.settings.slack.api_url.as_str()).await {
            let took = Duration::try_from(sent.elapsed()).unwrap_or(Duration::ZERO);
            findings.push(of(tocsin_clock::machine_now(), theirs, took));
        }
    }
    if let Some(database) = &context.database {
        findings.extend(of_database(database).await);
    }
    findings
}

/// What is to be said of the database's clock; nothing where it is this machine's. That it can't be read, the check of the database says.
async fn of_database(database: &Database) -> Option<Finding> {
    let ahead = tocsin_api::clock_ahead_of(database).await.ok()??;
    Some(match roles::database_clock_trouble(Some(ahead)) {
        Some(text) => Finding::doubtful(SUBJECT, DoctorPage::ClockDatabase, text),
        None => Finding::good(SUBJECT, "agrees with the database's"),
    })
}

/// When a server says that it answered.
async fn date_at(url: &str) -> Option<OffsetDateTime> {
    let http = reqwest::Client::builder()
        .timeout(ANSWER_WITHIN)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .ok()?;
    let answer = http.get(url).send().await.ok()?;
    let date = answer.headers().get(reqwest::header::DATE)?.to_str().ok()?;
    OffsetDateTime::parse(date, &Rfc2822).ok()
}

/// What is to be said of a clock. The answer was given somewhere between call and answer, and in the second that it names.
fn of(now: OffsetDateTime, theirs: OffsetDateTime, took: Duration) -> Finding {
    let second = Duration::milliseconds(500);
    let ahead: Duration = now - took / 2 - (theirs + second);
    let certainly = ahead.abs() - took / 2 - second;
    let direction = if ahead.is_positive() { "ahead of" } else { "behind" };
    let text = format!(
        "this machine's clock is {} s {direction} Slack's: set it, and keep it by NTP. Where it is off by more than 300 s, Slack's requests are refused \
         until Slack has said what time it is",
        ahead.abs().whole_seconds()
    );
    if certainly >= DANGEROUS {
        Finding::bad(SUBJECT, DoctorPage::ClockSlack, text)
    } else if certainly > CLOCK_TOLERANCE {
        Finding::doubtful(SUBJECT, DoctorPage::ClockSlack, text)
    } else {
        Finding::good(SUBJECT, "agrees with Slack's")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::FindingLevel;

    #[test]
    fn a_clock_is_judged_by_how_far_it_is_off_in_either_direction() {
        let theirs = OffsetDateTime::UNIX_EPOCH;
        let judged = |seconds: i64, took: i64| {
            of(
                theirs + Duration::seconds(seconds),
                theirs,
                Duration::seconds(took),
            )
        };
        for (seconds, took, verdict) in [
            (0, 0, FindingLevel::Good),
            (-1, 0, FindingLevel::Good),
            (4, 0, FindingLevel::Doubtful),
            (4, 4, FindingLevel::Good),
            (-239, 0, FindingLevel::Doubtful),
            (242, 0, FindingLevel::Bad),
            (-86_400, 0, FindingLevel::Bad),
        ] {
            assert_eq!(
                judged(seconds, took).verdict,
                verdict,
                "{seconds} s after {took} s"
            );
        }
        assert!(judged(-500, 0).text.contains("500 s behind Slack's"));
    }
}
