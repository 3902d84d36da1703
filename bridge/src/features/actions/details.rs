//! An incident to read: its facts, and what happened last.

use tocsin_message::blocks;
use tocsin_slack::{inputs::divider, view::View};

use super::{
    dialog::{Dialog, DialogContext, DialogData},
    incident_action::{ActionTrigger, Element, IncidentAction},
};
use crate::mirror::{content, facts};
use crate::texts::actions as texts;

/// Shows the incident.
pub(crate) const DETAILS: IncidentAction = IncidentAction {
    verb: "see",
    triggers: &[ActionTrigger::opens(Element::Choice("view"))],
    dialog: Some(DIALOG),
    typed: None,
};

/// To read, with nothing to submit.
const DIALOG: &Dialog = &Dialog {
    callback_id: "details",
    title: texts::DETAILS_TITLE,
    done: None,
    data: DialogData::Timeline,
    is_for_open: false,
    view: |subject, _, _| view(subject),
    read: None,
};

/// Entries of the timeline that are shown, the newest first.
const ENTRIES: usize = 10;

/// Characters of a description.
const DESCRIPTION_MAX: usize = 2_500;

fn view(subject: &DialogContext<'_>) -> View {
    let incident = subject.incident;
    let description = content::description(incident, DESCRIPTION_MAX);
    let mut view = View::modal(DIALOG.callback_id, &format!("Incident #{}", incident.number))
        .close("Close")
        .block(blocks::section(content::title(incident)))
        .block(blocks::fields(facts::facts(incident)));
    if !description.is_empty() {
        view = view.block(blocks::section(description));
    }
    view = view.blocks(content::tags(incident).map(blocks::context));
    if subject.entries.is_empty() {
        return view;
    }
    let entries = subject.entries.iter().rev().take(ENTRIES);
    view.block(divider())
        .blocks(entries.map(|entry| blocks::section(content::timeline_line(incident, entry))))
}
