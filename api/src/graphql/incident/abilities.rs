//! What the viewer can do with an incident, in GraphQL.

use async_graphql::SimpleObject;
use tocsin_domain::incident::IncidentAbilities;

/// What the viewer can do with an incident now. A field is `true` if the viewer's role and key allow the operation, and the incident is in a state
/// in which the operation changes something.
#[derive(Debug, Clone, Copy, SimpleObject)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one for each operation, read by name"
)]
pub(crate) struct IncidentPermissions {
    /// Whether `acknowledgeIncident` is possible: the incident is triggered.
    acknowledge: bool,
    /// Whether `resolveIncident` is possible: the incident is open.
    resolve: bool,
    /// Whether `reopenIncident` is possible: the incident is resolved or snoozed.
    reopen: bool,
    /// Whether `snoozeIncident` is possible: the incident is open.
    snooze: bool,
    /// Whether `unsnoozeIncident` is possible: the incident is snoozed.
    unsnooze: bool,
    /// Whether `reassignIncident` is possible.
    reassign: bool,
    /// Whether `updateIncident` is possible.
    update: bool,
    /// Whether `addComment` is possible.
    comment: bool,
    /// Whether `setSlackSync` is possible.
    set_slack_sync: bool,
    /// Whether `createPostmortem` is possible.
    create_postmortem: bool,
}

impl From<IncidentAbilities> for IncidentPermissions {
    fn from(able: IncidentAbilities) -> Self {
        Self {
            acknowledge: able.acknowledge,
            resolve: able.resolve,
            reopen: able.reopen,
            snooze: able.snooze,
            unsnooze: able.unsnooze,
            reassign: able.reassign,
            update: able.update,
            comment: able.comment,
            set_slack_sync: able.set_slack_sync,
            create_postmortem: able.create_postmortem,
        }
    }
}
