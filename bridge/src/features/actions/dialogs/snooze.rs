//! A rest for the incident, until a time or for so many minutes.

use time::{Duration, OffsetDateTime};
use tocsin_slack::{
    inputs::{datetime_picker, input, text_input, with_hint},
    view::View,
};

use super::{Dialog, Meta, Values, Wrong, form};
use crate::{acting::Change, graphql::Incident};

const UNTIL: &str = "until";
const MINUTES: &str = "minutes";

/// The longest rest, as the API allows.
const LONGEST: Duration = Duration::days(30);

pub(super) fn view(incident: &Incident, meta: &Meta, now: OffsetDateTime) -> View {
    // A whole hour, so that nobody wonders about the seconds.
    let hour = 3_600;
    let later = ((now + Duration::hours(2)).unix_timestamp() / hour) * hour;
    let until = input("Until", UNTIL, datetime_picker(UNTIL, Some(later)), true);
    let minutes = input(
        "Or for so many minutes",
        MINUTES,
        text_input(MINUTES, false, 5, None),
        true,
    );
    form(Dialog::Snooze, incident, meta)
        .submit("Snooze")
        .block(with_hint(
            until,
            "In your time zone; 30 days from now at the most.",
        ))
        .block(with_hint(minutes, "Counts before the time above."))
}

pub(super) fn read(values: Values<'_>, now: OffsetDateTime) -> Result<Change, Vec<Wrong>> {
    let (at, until) = match values.text(MINUTES) {
        Some(minutes) => match minutes.parse::<u32>() {
            Ok(minutes @ 1..) => (MINUTES, now.checked_add(Duration::minutes(minutes.into()))),
            Ok(0) | Err(_) => return Err(vec![(MINUTES, "Write a whole number of minutes, such as 45.")]),
        },
        None => match values.of(UNTIL)["selected_date_time"].as_i64() {
            Some(at) => (UNTIL, OffsetDateTime::from_unix_timestamp(at).ok()),
            None => return Err(vec![(UNTIL, "Choose a time, or write how many minutes.")]),
        },
    };
    match until {
        Some(until) if until <= now => Err(vec![(at, "This time has passed: choose a later one.")]),
        Some(until) if until - now <= LONGEST => Ok(Change::Snooze { until }),
        Some(_) | None => Err(vec![(at, "This is too long: 30 days are the most.")]),
    }
}
