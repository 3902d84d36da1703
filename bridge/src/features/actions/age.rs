//! Messages that are too old to act on without another look.

use time::{Duration, OffsetDateTime};
use tocsin_client::As;
use tocsin_queue::JobError;

use super::target::PressTarget;
use crate::{
    acting::{self, ActionService},
    failure::of_api,
    identity::SlackActor,
    notice::Notice,
};

/// After so long, whoever scrolls up to a message rarely means what it said then.
const OLDEST: Duration = Duration::days(30);

/// Whether a message, by its name in Slack, was too old at a time. The names of messages begin with the second of their sending.
pub(super) fn is_old(message_ts: Option<&str>, at: OffsetDateTime) -> bool {
    let second = message_ts.and_then(|ts| ts.split('.').next()?.parse().ok());
    let sent = second.and_then(|second| OffsetDateTime::from_unix_timestamp(second).ok());
    sent.is_some_and(|sent| at - sent > OLDEST)
}

/// How to go on instead, for whoever may.
pub(super) async fn refuse(
    acting: &ActionService,
    target: &PressTarget,
    person: &SlackActor,
    request_id: Option<&str>,
) -> Result<Notice, JobError> {
    let member = match acting::member(acting, target.organization, person, request_id).await? {
        Ok(member) => member,
        Err(notice) => return Ok(notice),
    };
    let who = As {
        on_behalf_of: Some(member.id),
        ..As::bridge(target.organization, request_id)
    };
    let found = acting
        .api
        .find_incident(who, target.incident)
        .await
        .map_err(of_api)?;
    let command = person.installation.slash_command();
    Ok(found.map_or(Notice::NotFound, |incident| Notice::TooOld {
        number: incident.number,
        url: incident.url,
        command,
    }))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_message_is_old_after_thirty_days() {
        let at = datetime!(2026-11-20 22:36:07 UTC);
        let sent = |days: i64, seconds: i64| {
            let sent = at - Duration::days(days) - Duration::seconds(seconds);
            format!("{}.000100", sent.unix_timestamp())
        };
        assert!(!is_old(Some(&sent(0, 0)), at));
        assert!(!is_old(Some(&sent(30, 0)), at));
        assert!(is_old(Some(&sent(30, 1)), at));
        assert!(!is_old(Some("Uxx-1"), at), "what is still being written");
        assert!(!is_old(None, at), "what is no message");
    }
}
