//! What a viewer may do with an incident as it is now, so that no client copies the rules.

use tocsin_entity::{
    incident,
    kinds::{EntryKind, IncidentStatus},
    timeline_entry,
};

use super::comment_rights::{may_edit, may_retract};
use crate::{request::Request, viewer::Permission};

/// What a viewer may do with an incident as it is now: what the viewer's role and key allow and the incident's state gives something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one for each operation, read by name"
)]
pub struct IncidentAbilities {
    /// To acknowledge it.
    pub acknowledge: bool,
    /// To resolve it.
    pub resolve: bool,
    /// To open it again.
    pub reopen: bool,
    /// To snooze it.
    pub snooze: bool,
    /// To end its snooze.
    pub unsnooze: bool,
    /// To give it to others.
    pub reassign: bool,
    /// To change its title, description, urgency, severity, tags and service.
    pub update: bool,
    /// To say something on its timeline.
    pub comment: bool,
    /// To mute its sync with Slack, and to say how changes are told there.
    pub set_slack_sync: bool,
    /// To draft its post-mortem.
    pub create_postmortem: bool,
}

/// What the viewer may do with an incident as it is now.
pub fn abilities(request: &Request<'_>, incident: &incident::Model) -> IncidentAbilities {
    let responds = request.viewer.may(Permission::Respond).is_ok();
    let is_open = incident.status != IncidentStatus::Resolved;
    let is_snoozed = incident.snoozed_until.is_some();
    IncidentAbilities {
        acknowledge: responds && incident.status == IncidentStatus::Triggered,
        resolve: responds && is_open,
        reopen: responds && (!is_open || is_snoozed),
        snooze: responds && is_open,
        unsnooze: responds && is_snoozed,
        reassign: responds,
        update: responds,
        comment: responds,
        set_slack_sync: responds,
        create_postmortem: responds,
    }
}

/// Whether an entry is a comment that was not taken back.
fn is_standing_comment(entry: &timeline_entry::Model) -> bool {
    entry.kind == EntryKind::Comment && entry.retracted_at.is_none()
}

/// Whether the viewer may give a comment another text. What was said in Slack is edited there.
pub fn may_edit_comment(request: &Request<'_>, entry: &timeline_entry::Model) -> bool {
    is_standing_comment(entry)
        && request.viewer.may(Permission::Respond).is_ok()
        && may_edit(entry, &request.viewer.actor(entry.organization_id)).is_ok()
}

/// Whether the viewer may take a comment back.
pub fn may_retract_comment(request: &Request<'_>, entry: &timeline_entry::Model) -> bool {
    let of_others = request.viewer.may(Permission::Moderate).is_ok();
    is_standing_comment(entry)
        && request.viewer.may(Permission::Respond).is_ok()
        && may_retract(entry, &request.viewer.actor(entry.organization_id), of_others).is_ok()
}
