//! The API as the bridge knows it: typed documents, checked against `bridge.graphql` when the bridge is compiled.

mod api;
mod documents;
mod error;
mod incident;
mod known;
mod members;
mod operation;
mod postmortem;
mod transport;
mod workspace;

pub(crate) use api::{Api, EventPage, FollowedEvent, Member, Mirrored};
pub(crate) use documents::{
    AcknowledgeIncident, AddComment, DateTime, EditComment, ReassignIncident, RecordSlackLink,
    ReopenIncident, ResolveIncident, RetractComment, SetSlackSync, SnoozeIncident, UpdateIncident,
    acknowledge_incident, add_comment, edit_comment, reassign_incident, record_slack_link, reopen_incident,
    resolve_incident, retract_comment, set_slack_sync, snooze_incident, update_incident,
};
pub(crate) use documents::{
    CompleteSlackInstall, RecordSlackChannelChange, ReportRestore, complete_slack_install,
    record_slack_channel_change, report_restore,
};
pub(crate) use documents::{HomeIncidents, home_incidents};
pub(crate) use documents::{
    ListIncidents, StatusOfIncidents, TriggerFromSlack, WhoIs, list_incidents, status_of_incidents,
    trigger_from_slack, who_is,
};
pub(crate) use documents::{PreviewPolicyOf, preview_policy_of};
pub(crate) use documents::{ServicesToName, TriggerFromWorkflow, services_to_name, trigger_from_workflow};
pub(crate) use error::ApiError;
pub(crate) use incident::{Appearance, Connector, Entry, Incident};
#[cfg(test)]
pub(crate) use incident::{Author, Tag};
pub(crate) use known::Known;
pub(crate) use operation::{Found, Operation, Reason, Sought, TestedConnector};
pub(crate) use postmortem::Postmortem;
pub(crate) use transport::As;
pub(crate) use workspace::{SealedToken, SlackApp, SlackWorkspace};
