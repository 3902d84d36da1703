//! The dialogs in which people act on an incident: what they show, what is read from them, and what is wrong with it.
//!
//! Everything here is pure. A dialog is opened and filled by [`super`], within the 3 s that Slack gives it; what it asks for is
//! a [`Change`], made with the rights of whoever submits it.

mod details;
mod note;
mod people;
mod reassign;
mod refusal;
mod resolve;
mod snooze;
#[cfg(test)]
mod tests;
mod urgency_severity;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use tocsin_client::MemberChoice;
use tocsin_entity::{
    id::{IncidentId, OrganizationId},
    kinds::{Severity, Urgency},
};
use tocsin_message::blocks;
use tocsin_slack::view::View;

pub(crate) use people::{ASSIGNEES, options};
pub(crate) use refusal::{loading, refusal, told};

use crate::{
    acting::Change,
    graphql::{Entry, Incident, Known},
    mirror::content,
};

/// A dialog about an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialog {
    Resolve,
    Note,
    Reassign,
    Snooze,
    UrgencySeverity,
    /// To read, with nothing to submit.
    Details,
}

impl Dialog {
    /// Those that are submitted.
    const FORMS: [Self; 5] = [
        Self::Resolve,
        Self::Note,
        Self::Reassign,
        Self::Snooze,
        Self::UrgencySeverity,
    ];

    /// As Slack names it when it is submitted.
    pub(crate) fn callback_id(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Note => "note",
            Self::Reassign => "reassign",
            Self::Snooze => "snooze",
            Self::UrgencySeverity => "urgency_severity",
            Self::Details => "details",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Resolve => "Resolve incident",
            Self::Note => "Add a note",
            Self::Reassign => "Reassign incident",
            Self::Snooze => "Snooze incident",
            Self::UrgencySeverity => "Urgency and severity",
            Self::Details => "Incident",
        }
    }

    /// What is done, between "You can't" and "this incident".
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Note => "comment on",
            Self::Reassign => "reassign",
            Self::Snooze => "snooze",
            Self::UrgencySeverity => "change",
            Self::Details => "see",
        }
    }
}

/// What a dialog carries from its opening to its submission. It is no proof of anything: whoever submits it acts with their own rights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Meta {
    pub(crate) organization: OrganizationId,
    pub(crate) incident: IncidentId,
    /// Where the person is told what came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) response_url: Option<String>,
    /// What was chosen already: only what is chosen anew is changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) urgency: Option<Urgency>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) severity: Option<Severity>,
}

/// What a dialog is filled with.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) incident: &'a Incident,
    /// Who has it; for reassigning alone.
    pub(crate) assignees: &'a [MemberChoice],
    /// The newest part of its timeline; for the details alone.
    pub(crate) entries: &'a [Entry],
}

/// What is wrong with an input: the block's name, and what to do.
pub(crate) type Wrong = (&'static str, &'static str);

/// The dialog, filled.
pub(crate) fn view(dialog: Dialog, subject: &Subject<'_>, meta: &Meta, now: OffsetDateTime) -> View {
    match dialog {
        Dialog::Resolve => resolve::view(subject.incident, meta),
        Dialog::Note => note::view(subject.incident, meta),
        Dialog::Reassign => reassign::view(subject, meta),
        Dialog::Snooze => snooze::view(subject.incident, meta, now),
        Dialog::UrgencySeverity => urgency_severity::view(subject.incident, meta),
        Dialog::Details => details::view(subject),
    }
}

/// Which of the dialogs about an incident was submitted, and what it carried.
pub(crate) fn submitted(payload: &Value) -> Option<(Dialog, Meta)> {
    let view = &payload["view"];
    let name = view["callback_id"].as_str()?;
    let dialog = Dialog::FORMS
        .into_iter()
        .find(|dialog| dialog.callback_id() == name)?;
    let meta = serde_json::from_str(view["private_metadata"].as_str()?).ok()?;
    Some((dialog, meta))
}

/// What a submission asks for; `now` is when it came.
pub(crate) fn read(
    dialog: Dialog,
    meta: &Meta,
    payload: &Value,
    now: OffsetDateTime,
) -> Result<Change, Vec<Wrong>> {
    let values = Values(&payload["view"]["state"]["values"]);
    match dialog {
        Dialog::Resolve => Ok(resolve::read(values)),
        Dialog::Note => note::read(values),
        Dialog::Reassign => reassign::read(values),
        Dialog::Snooze => snooze::read(values, now),
        Dialog::UrgencySeverity => Ok(urgency_severity::read(values, meta)),
        Dialog::Details => Err(Vec::new()),
    }
}

/// What stands in the inputs of a dialog. Here, an input's element has the name of its block.
#[derive(Clone, Copy)]
struct Values<'a>(&'a Value);

impl<'a> Values<'a> {
    fn of(self, block: &str) -> &'a Value {
        &self.0[block][block]
    }

    /// What was written, unless that is nothing.
    fn text(self, block: &str) -> Option<&'a str> {
        self.of(block)["value"]
            .as_str()
            .map(str::trim)
            .filter(|text| !text.is_empty())
    }

    /// The value of what was chosen.
    fn chosen(self, block: &str) -> Option<&'a str> {
        self.of(block)["selected_option"]["value"].as_str()
    }
}

/// A form about an incident, which it names at its top.
fn form(dialog: Dialog, incident: &Incident, meta: &Meta) -> View {
    View::modal(dialog.callback_id(), dialog.title())
        .metadata(meta)
        .block(blocks::section(content::title(incident)))
}

/// A value that is known here.
fn known<T: Copy>(value: &Known<T>) -> Option<T> {
    match value {
        Known::Value(value) => Some(*value),
        Known::Other(_) => None,
    }
}
