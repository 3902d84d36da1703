//! The dialogs in which people act on an incident: what they show, what is read from them, and what is wrong with it.
//!
//! Everything here is pure. A dialog is opened and filled by [`super`], within the 3 s that Slack gives it; what it asks for is
//! an [`ActionMutation`], made with the rights of whoever submits it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use tocsin_client::{Entry, Incident, Known, MemberChoice};
use tocsin_entity::{
    id::{IncidentId, OrganizationId},
    kinds::{Severity, Urgency},
};
use tocsin_message::{blocks, mrkdwn::Mrkdwn};
use tocsin_slack::view::View;

use super::incident_action::IncidentAction;
use crate::{
    acting::ActionMutation,
    mirror::content,
    notice::{self, Notice},
    texts::{CLOSE, LOADING, NOTHING_DONE},
};

/// A dialog about an incident.
pub(crate) struct Dialog {
    /// As Slack names it when it is submitted.
    pub(crate) callback_id: &'static str,
    pub(crate) title: &'static str,
    /// How the sentence begins that confirms it. None where there is nothing to submit.
    pub(crate) done: Option<&'static str>,
    pub(crate) data: DialogData,
    /// Whether it has no sense for an incident that is over.
    pub(crate) is_for_open: bool,
    /// The dialog, filled; with the time.
    pub(crate) view: fn(&DialogContext<'_>, &ActionDialogMetadata, OffsetDateTime) -> View,
    /// What a submission asks for, and when it came. None where there is nothing to submit.
    pub(crate) read: Option<ReadDialog>,
}

/// Reads what was submitted.
pub(crate) type ReadDialog = fn(
    DialogValues<'_>,
    &ActionDialogMetadata,
    OffsetDateTime,
) -> Result<Box<dyn ActionMutation>, Vec<InputError>>;

/// What a dialog is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DialogData {
    Incident,
    /// With who has it.
    Assignees,
    /// With the newest part of its timeline.
    Timeline,
}

impl Dialog {
    /// Whether there is something to submit.
    pub(crate) fn is_form(&self) -> bool {
        self.read.is_some()
    }

    /// What a submission asks for; `now` is when it came.
    pub(crate) fn read(
        &self,
        meta: &ActionDialogMetadata,
        payload: &Value,
        now: OffsetDateTime,
    ) -> Result<Box<dyn ActionMutation>, Vec<InputError>> {
        let read = self.read.ok_or_else(Vec::new)?;
        read(DialogValues(&payload["view"]["state"]["values"]), meta, now)
    }
}

/// What a dialog carries from its opening to its submission. It is no proof of anything: whoever submits it acts with their own rights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ActionDialogMetadata {
    pub(crate) organization: OrganizationId,
    pub(crate) incident: IncidentId,
    /// Where the person is told what came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) response_url: Option<String>,
    /// Whether it was opened from an answer that only this person sees, and that does not change with the incident.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_ephemeral: bool,
    /// What was chosen already: only what is chosen anew is changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) urgency: Option<Urgency>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) severity: Option<Severity>,
}

/// What a dialog is filled with.
#[derive(Debug)]
pub(crate) struct DialogContext<'a> {
    pub(crate) incident: &'a Incident,
    /// Who has it; for reassigning alone.
    pub(crate) assignees: &'a [MemberChoice],
    /// The newest part of its timeline; for the details alone.
    pub(crate) entries: &'a [Entry],
}

/// What is wrong with an input: the block's name, and what to do.
pub(crate) type InputError = (&'static str, &'static str);

/// Which of the dialogs was submitted, of which action, and what it carried.
pub(crate) fn submitted(
    actions: &[&'static IncidentAction],
    payload: &Value,
) -> Option<(&'static IncidentAction, &'static Dialog, ActionDialogMetadata)> {
    let view = &payload["view"];
    let name = view["callback_id"].as_str()?;
    let (action, dialog) = actions.iter().find_map(|action| {
        let dialog = action.dialog?;
        (dialog.is_form() && dialog.callback_id == name).then_some((*action, dialog))
    })?;
    let meta = serde_json::from_str(view["private_metadata"].as_str()?).ok()?;
    Some((action, dialog, meta))
}

/// Shown at once: what opens a dialog is good for 3 s, and reading an incident may take as long.
pub(crate) fn loading(dialog: &Dialog) -> View {
    View::modal("loading", dialog.title)
        .close(CLOSE)
        .block(blocks::section(Mrkdwn::own(LOADING)))
}

/// Why there is nothing to fill in.
pub(crate) fn refusal(action: &IncidentAction, dialog: &Dialog, notice: &Notice) -> View {
    let text = Mrkdwn::recorded(notice::press(notice, action.verb));
    View::modal("refused", dialog.title)
        .close(CLOSE)
        .block(blocks::section(text))
}

/// What a person is told where there is no channel to tell it in; `text` is mrkdwn of our own.
pub(crate) fn text_dialog(text: &str) -> View {
    View::modal("told", NOTHING_DONE)
        .close(CLOSE)
        .block(blocks::section(Mrkdwn::recorded(text.to_owned())))
}

/// What stands in the inputs of a dialog. Here, an input's element has the name of its block.
#[derive(Clone, Copy)]
pub(crate) struct DialogValues<'a>(&'a Value);

impl<'a> DialogValues<'a> {
    pub(super) fn of(self, block: &str) -> &'a Value {
        &self.0[block][block]
    }

    /// What was written, unless that is nothing.
    pub(super) fn text(self, block: &str) -> Option<&'a str> {
        self.of(block)["value"]
            .as_str()
            .map(str::trim)
            .filter(|text| !text.is_empty())
    }

    /// The value of what was chosen.
    pub(super) fn chosen(self, block: &str) -> Option<&'a str> {
        self.of(block)["selected_option"]["value"].as_str()
    }
}

/// A form about an incident, which it names at its top.
pub(super) fn form(dialog: &Dialog, incident: &Incident, meta: &ActionDialogMetadata) -> View {
    View::modal(dialog.callback_id, dialog.title)
        .metadata(meta)
        .block(blocks::section(content::title(incident)))
}

/// A value that is known here.
pub(super) fn known<T: Copy>(value: &Known<T>) -> Option<T> {
    match value {
        Known::Value(value) => Some(*value),
        Known::Other(_) => None,
    }
}
