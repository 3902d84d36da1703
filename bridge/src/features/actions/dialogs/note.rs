//! A note, which becomes a comment on the incident.

use tocsin_slack::{
    inputs::{TEXT_INPUT_MAX, input, text_input, with_hint},
    view::View,
};

use super::{Dialog, Meta, Values, Wrong, form};
use crate::{acting::Change, graphql::Incident};

const NOTE: &str = "note";

pub(super) fn view(incident: &Incident, meta: &Meta) -> View {
    let note = input("Note", NOTE, text_input(NOTE, true, TEXT_INPUT_MAX, None), false);
    form(Dialog::Note, incident, meta).submit("Add").block(with_hint(
        note,
        "It goes on the incident's timeline. Markdown is understood.",
    ))
}

pub(super) fn read(values: Values<'_>) -> Result<Change, Vec<Wrong>> {
    match values.text(NOTE) {
        Some(note) => Ok(Change::Comment {
            markdown: note.to_owned(),
            external_ref: None,
        }),
        None => Err(vec![(NOTE, "Write something: the note is empty.")]),
    }
}
