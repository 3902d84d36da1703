//! Whether this machine's clock agrees with Slack's: requests that are signed at another time than now are refused.

use time::{Duration, OffsetDateTime, format_description::well_known::Rfc2822};

use super::{ANSWER_WITHIN, Scene};
use crate::{doctor::Finding, roles};

const SUBJECT: &str = "clock";

/// How far the clock may be off before it is worth a look.
const WORTH_A_LOOK: Duration = Duration::seconds(60);

/// How far it may be off before Slack's requests are in danger: they are taken within five minutes, and some come late.
const DANGEROUS: Duration = Duration::minutes(4);

pub(super) async fn check(scene: &Scene<'_>) -> Vec<Finding> {
    if roles::configured_slack(scene.settings).is_none() {
        return Vec::new();
    }
    // Whatever it answers: each answer says when it was given.
    let Some(theirs) = date_at(scene.settings.slack.api_url.as_str()).await else {
        return Vec::new();
    };
    vec![of(OffsetDateTime::now_utc() - theirs)]
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

/// What is to be said of a clock that is ahead of Slack's by so much.
fn of(ahead: Duration) -> Finding {
    let off = ahead.abs();
    let direction = if ahead.is_positive() { "ahead of" } else { "behind" };
    let text = format!(
        "this machine's clock is {} s {direction} Slack's, and Slack's requests are refused beyond 300 s: set it, and keep it by NTP",
        off.whole_seconds()
    );
    if off >= DANGEROUS {
        Finding::bad(SUBJECT, text)
    } else if off >= WORTH_A_LOOK {
        Finding::doubtful(SUBJECT, text)
    } else {
        Finding::good(SUBJECT, "agrees with Slack's")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn a_clock_is_judged_by_how_far_it_is_off_in_either_direction() {
        for (seconds, verdict) in [
            (0, Verdict::Good),
            (-59, Verdict::Good),
            (61, Verdict::Doubtful),
            (-239, Verdict::Doubtful),
            (240, Verdict::Bad),
            (-86_400, Verdict::Bad),
        ] {
            assert_eq!(of(Duration::seconds(seconds)).verdict, verdict, "{seconds} s");
        }
        assert!(of(Duration::seconds(-500)).text.contains("500 s behind Slack's"));
    }
}
