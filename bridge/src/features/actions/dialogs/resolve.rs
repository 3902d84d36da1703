//! Resolving, with what is to be remembered of it.

use tocsin_slack::{
    inputs::{TEXT_INPUT_MAX, input, text_input, with_hint},
    view::View,
};

use super::{Dialog, Meta, Values, form};
use crate::{acting::Change, graphql::Incident};

const NOTE: &str = "note";

pub(super) fn view(incident: &Incident, meta: &Meta) -> View {
    let note = text_input(NOTE, true, TEXT_INPUT_MAX, None);
    let note = input("Resolution note", NOTE, note, true);
    form(Dialog::Resolve, incident, meta)
        .submit("Resolve")
        .block(with_hint(
            note,
            "What was wrong, and what helped. Markdown is understood.",
        ))
}

pub(super) fn read(values: Values<'_>) -> Change {
    Change::Resolve {
        note: values.text(NOTE).map(str::to_owned),
    }
}
