//! A rest for the incident, until a time or for so many minutes.

use futures::FutureExt;
use time::{Duration, OffsetDateTime};
use tocsin_client::documents::{DateTime, SnoozeIncident, snooze_incident};
use tocsin_queue::JobError;
use tocsin_slack::{
    inputs::{datetime_picker, input, text_input, with_hint},
    view::View,
};

use super::{
    dialog::{ActionDialogMetadata, Dialog, DialogContext, DialogData, DialogValues, InputError, form},
    incident_action::{ActionTrigger, Element, IncidentAction},
};
use crate::{
    acting::{
        ActionMutation, mutation,
        typed_action::{Confirmation, TypedAction, TypedEffect, TypedMutation},
    },
    grammar::{
        usage::Usage,
        words::{is_blank, unquoted},
    },
    texts::{actions as texts, commands},
};

/// Snoozes.
pub(crate) const SNOOZE: IncidentAction = IncidentAction {
    verb: "snooze",
    triggers: &[
        ActionTrigger::choice("snooze:15m", texts::SNOOZED, |at| minutes_from(at, 15)),
        ActionTrigger::choice("snooze:30m", texts::SNOOZED, |at| minutes_from(at, 30)),
        ActionTrigger::choice("snooze:1h", texts::SNOOZED, |at| minutes_from(at, 60)),
        ActionTrigger::choice("snooze:4h", texts::SNOOZED, |at| minutes_from(at, 240)),
        ActionTrigger::opens(Element::Choice("snooze:custom")),
    ],
    dialog: Some(DIALOG),
    typed: Some(&TypedAction {
        usage: Usage {
            names: &["snooze"],
            form: "snooze N 30m",
            about: commands::SNOOZE,
            deed: "snooze",
            of_incident: true,
        },
        is_comment: false,
        check: |rest| given_pause(rest).map(drop),
        read: |_, requester, rest| {
            let pause = given_pause(rest).map_err(JobError::fail);
            let until = pause.map(|pause| requester.at + pause);
            async move {
                let until = until?;
                Ok(Ok(TypedEffect::Change(TypedMutation {
                    mutation: Box::new(Snooze { until }),
                    before: texts::SNOOZED,
                    after: texts::until(until),
                })))
            }
            .boxed()
        },
        confirmation: Confirmation::Thread,
    }),
};

const DIALOG: &Dialog = &Dialog {
    callback_id: "snooze",
    title: texts::SNOOZE_TITLE,
    done: Some(texts::SNOOZED),
    data: DialogData::Incident,
    is_for_open: true,
    view,
    read: Some(|values, _, now| read(values, now)),
};

const UNTIL: &str = "until";
const MINUTES: &str = "minutes";

/// The longest rest, as the API allows.
const LONGEST: Duration = Duration::days(30);

fn minutes_from(at: OffsetDateTime, minutes: i64) -> Box<dyn ActionMutation> {
    Box::new(Snooze {
        until: at + Duration::minutes(minutes),
    })
}

fn view(subject: &DialogContext<'_>, meta: &ActionDialogMetadata, now: OffsetDateTime) -> View {
    // A whole hour, so that nobody wonders about the seconds.
    let hour = 3_600;
    let later = ((now + Duration::hours(2)).unix_timestamp() / hour) * hour;
    let until = input(
        texts::UNTIL_LABEL,
        UNTIL,
        datetime_picker(UNTIL, Some(later)),
        true,
    );
    let minutes = input(
        texts::MINUTES_LABEL,
        MINUTES,
        text_input(MINUTES, false, 5, None),
        true,
    );
    form(DIALOG, subject.incident, meta)
        .submit(texts::SNOOZE)
        .block(with_hint(until, texts::UNTIL_HINT))
        .block(with_hint(minutes, texts::MINUTES_HINT))
}

fn read(values: DialogValues<'_>, now: OffsetDateTime) -> Result<Box<dyn ActionMutation>, Vec<InputError>> {
    let (at, until) = match values.text(MINUTES) {
        Some(minutes) => match minutes.parse::<u32>() {
            Ok(minutes @ 1..) => (MINUTES, now.checked_add(Duration::minutes(minutes.into()))),
            Ok(0) | Err(_) => return Err(vec![(MINUTES, texts::MINUTES_WRONG)]),
        },
        None => match values.of(UNTIL)["selected_date_time"].as_i64() {
            Some(at) => (UNTIL, OffsetDateTime::from_unix_timestamp(at).ok()),
            None => return Err(vec![(UNTIL, texts::UNTIL_MISSING)]),
        },
    };
    match until {
        Some(until) if until <= now => Err(vec![(at, texts::UNTIL_PAST)]),
        Some(until) if until - now <= LONGEST => Ok(Box::new(Snooze { until })),
        Some(_) | None => Err(vec![(at, texts::UNTIL_TOO_LATE)]),
    }
}

/// The pause that was typed, if there may be one so long.
fn given_pause(rest: &str) -> Result<Duration, &'static str> {
    match pause(rest) {
        Some(pause) if pause > LONGEST => Err(commands::PAUSE_TOO_LONG),
        Some(pause) => Ok(pause),
        None => Err(commands::PAUSE_MISSING),
    }
}

/// `30m`, `2h`, `1d`, `1h30m`, `45 minutes`.
fn pause(text: &str) -> Option<Duration> {
    let text: String = unquoted(text)
        .chars()
        .filter(|c| !is_blank(*c))
        .flat_map(char::to_lowercase)
        .collect();
    let mut rest = text.strip_prefix("for").unwrap_or(&text);
    let mut pause = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: i64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let seconds = match &rest[..unit] {
            "m" | "min" | "mins" | "minute" | "minutes" => 60,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 604_800,
            _ => return None,
        };
        pause = pause.checked_add(Duration::seconds(count.checked_mul(seconds)?))?;
        rest = &rest[unit..];
    }
    pause.is_positive().then_some(pause)
}

#[derive(Debug)]
struct Snooze {
    until: OffsetDateTime,
}

impl ActionMutation for Snooze {
    mutation!(self, incident, key: SnoozeIncident, snooze_incident, SnoozeIncidentInput {
        id: incident.to_string(),
        until: DateTime(self.until),
        idempotency_key: Some(key),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snooze_is_a_time_up_to_thirty_days() {
        let minutes = |text: &str| given_pause(text).map(Duration::whole_minutes);
        assert_eq!(minutes("30m"), Ok(30));
        assert_eq!(minutes("2H"), Ok(120));
        assert_eq!(minutes("for 1h 30 min"), Ok(90));
        assert_eq!(minutes("30d"), Ok(43_200));
        assert_eq!(
            minutes("31d"),
            Err("you can snooze an incident for 30 days at most")
        );
        for text in ["", "30", "m", "0m", "soon", "99999999999999999999d"] {
            assert!(minutes(text).is_err_and(|why| why.contains("30m")), "{text}");
        }
        assert!(
            minutes("9999999999999d").is_err_and(|why| why.contains("30")),
            "too long in any case"
        );
    }
}
