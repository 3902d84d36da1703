//! Incidents: what they are, how they change, how they are read.

mod apply;
mod batch;
mod command;
mod details;
mod error;
mod follow;
mod input;
mod muted;
mod people;
mod query;
mod submit;
mod timers;
mod transition;
#[cfg(test)]
mod transition_tests;

pub use self::{
    apply::CommandOutcome,
    details::{entry_assignees, entry_changes, entry_new_assignees, entry_snoozed_until},
    follow::follow,
    input::{
        AcknowledgeIncident, AddComment, EditComment, ReassignIncident, ReopenIncident, ResolveIncident,
        RetractComment, SetSlackSync, SnoozeIncident, TriggerIncident, UpdateIncident,
    },
    people::{IncidentMilestone, assignees, author_of},
    query::{IncidentCriteria, IncidentSort, count, find, find_by_number, find_entry, list, tags, timeline},
    submit::{
        acknowledge, comment, edit, reassign, reopen, resolve, retract, set_slack_sync, snooze, trigger,
        update,
    },
};
pub(crate) use self::{
    apply::{CommandRequest, IncidentWriter, tell_log},
    timers::END_SNOOZE,
};
#[cfg(test)]
pub(crate) use self::{
    command::{ChangeCommand, IncidentCommand, TriggerCommand},
    error::IncidentError,
};
