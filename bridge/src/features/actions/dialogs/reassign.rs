//! Who is to work the incident from now on.

use tocsin_entity::id::UserId;
use tocsin_slack::{
    inputs::{input, multi_external_select, with_hint},
    view::View,
};

use super::{ASSIGNEES, Dialog, Meta, Subject, Values, Wrong, form, people::option_of};
use crate::acting::Change;

/// Assignees of an incident, as the API allows.
const ASSIGNEES_MAX: usize = 50;

pub(super) fn view(subject: &Subject<'_>, meta: &Meta) -> View {
    let now: Vec<_> = subject.assignees.iter().map(option_of).collect();
    let menu = multi_external_select(ASSIGNEES, "Type a name or an address", 0, &now);
    let assignees = input("Assigned to", ASSIGNEES, menu, true);
    form(Dialog::Reassign, subject.incident, meta)
        .submit("Reassign")
        .block(with_hint(
            assignees,
            "In place of those before. Nobody, if the list is empty.",
        ))
}

pub(super) fn read(values: Values<'_>) -> Result<Change, Vec<Wrong>> {
    let chosen = values.of(ASSIGNEES)["selected_options"].as_array();
    let chosen = chosen.map_or(&[][..], Vec::as_slice);
    if chosen.len() > ASSIGNEES_MAX {
        return Err(vec![(ASSIGNEES, "Choose 50 people at the most.")]);
    }
    let ids = chosen
        .iter()
        .map(|option| option["value"].as_str()?.parse::<UserId>().ok());
    match ids.collect::<Option<Vec<_>>>() {
        Some(assignees) => Ok(Change::Reassign { assignees }),
        None => Err(vec![(ASSIGNEES, "Choose people from the list.")]),
    }
}
