//! An incident to read: its facts, and what happened last.

use tocsin_message::{blocks, mrkdwn::Mrkdwn};
use tocsin_slack::{inputs::divider, view::View};

use super::{Dialog, Subject};
use crate::mirror::content;

/// Entries of the timeline that are shown, the newest first.
const ENTRIES: usize = 10;

/// Characters of a description.
const DESCRIPTION_MAX: usize = 2_500;

pub(super) fn view(subject: &Subject<'_>) -> View {
    let incident = subject.incident;
    let description = content::description(incident, DESCRIPTION_MAX);
    let mut view = View::modal(
        Dialog::Details.callback_id(),
        &format!("Incident #{}", incident.number),
    )
    .close("Close")
    .block(blocks::section(content::title(incident)))
    .block(blocks::fields(content::facts(incident)));
    if !incident.assignees.is_empty() {
        let assignees = Mrkdwn::text(&incident.assignees.join(", "));
        view = view.block(blocks::context(Mrkdwn::own("Assigned to ").and(&assignees)));
    }
    if !description.is_empty() {
        view = view.block(blocks::section(description));
    }
    view = view.blocks(content::tags(incident).map(blocks::context));
    if subject.entries.is_empty() {
        return view;
    }
    let entries = subject.entries.iter().rev().take(ENTRIES);
    view.block(divider())
        .blocks(entries.map(|entry| blocks::section(content::told(incident, entry))))
}
