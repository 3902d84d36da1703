//! Incidents: what they are, how they change, how they are read.

mod abilities;
mod apply;
mod batch;
mod bulk;
mod command;
mod comment_rights;
mod criteria;
mod details;
mod error;
mod follow;
mod input;
mod muted;
mod order;
mod people;
mod query;
mod submit;
mod timeline_size;
mod timers;
mod transition;
#[cfg(test)]
mod transition_tests;

pub use self::{
    abilities::{IncidentAbilities, abilities, may_edit_comment, may_retract_comment},
    apply::CommandOutcome,
    bulk::{
        AcknowledgeIncidents, BulkOutcome, ReassignIncidents, ResolveIncidents, acknowledge_all,
        reassign_all, resolve_all,
    },
    criteria::{IncidentCriteria, TagCriterion},
    details::{entry_assignees, entry_changes, entry_new_assignees, entry_snoozed_until},
    follow::follow,
    input::{
        AcknowledgeIncident, AddComment, EditComment, ReassignIncident, ReopenIncident, ResolveIncident,
        RetractComment, SetSlackSync, SnoozeIncident, TriggerIncident, UnsnoozeIncident, UpdateIncident,
    },
    order::{IncidentOrderField, IncidentSort},
    people::{IncidentMilestone, assignees, author_of},
    query::{count, find, find_by_number, find_entry, list, tags, timeline},
    submit::{
        acknowledge, comment, edit, reassign, reopen, resolve, retract, set_slack_sync, snooze, trigger,
        unsnooze, update,
    },
    timeline_size::count_timeline,
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
