//! What the viewer can do with an incident, in GraphQL.

use async_graphql::SimpleObject;
use tocsin_domain::incident::IncidentAbilities;

/// The operations that the viewer can do with an incident now. A field is `true` if the viewer's role and key allow the operation, and the incident
/// is in a state in which the operation changes something.
#[derive(Debug, Clone, Copy, SimpleObject)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one for each operation, read by name"
)]
pub(crate) struct IncidentPermissions {
    /// Whether the viewer can use `acknowledgeIncident`: the incident is triggered.
    acknowledge: bool,
    /// Whether the viewer can use `resolveIncident`: the incident is open.
    resolve: bool,
    /// Whether the viewer can use `reopenIncident`: the incident is resolved or snoozed.
    reopen: bool,
    /// Whether the viewer can use `snoozeIncident`: the incident is open.
    snooze: bool,
    /// Whether the viewer can use `unsnoozeIncident`: the incident is snoozed.
    unsnooze: bool,
    /// Whether the viewer can use `reassignIncident`.
    reassign: bool,
    /// Whether the viewer can use `updateIncident`.
    update: bool,
    /// Whether the viewer can use `addComment`.
    comment: bool,
    /// Whether the viewer can use `setSlackSync`.
    set_slack_sync: bool,
    /// Whether the viewer can use `createPostmortem`.
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
