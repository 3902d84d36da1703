//! Muting the sync: what is said in the thread stays there, or is on the timeline again.

use tocsin_client::documents::{SetSlackSync, set_slack_sync};

use super::incident_action::{ActionTrigger, IncidentAction};
use crate::acting::{ActionMutation, mutation};
use crate::texts::actions as texts;

/// Has the thread and the timeline go separate ways.
pub(crate) const MUTE: IncidentAction = IncidentAction {
    verb: texts::MUTE_VERB,
    triggers: &[ActionTrigger::choice("mute", texts::MUTED, |_| {
        Box::new(SetSync { muted: true })
    })],
    dialog: None,
    typed: None,
};

/// Joins them again.
pub(crate) const UNMUTE: IncidentAction = IncidentAction {
    verb: texts::UNMUTE_VERB,
    triggers: &[ActionTrigger::choice("unmute", texts::UNMUTED, |_| {
        Box::new(SetSync { muted: false })
    })],
    dialog: None,
    typed: None,
};

#[derive(Debug)]
struct SetSync {
    muted: bool,
}

impl ActionMutation for SetSync {
    mutation!(self, incident, key: SetSlackSync, set_slack_sync, SetSlackSyncInput {
        id: incident.to_string(),
        muted: Some(self.muted),
        reply_mode: None,
        idempotency_key: Some(key),
    });
}
