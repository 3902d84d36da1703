//! The API as the bridge knows it, under the names that it has here.

use tocsin_client::ApiCaller;
pub(crate) use tocsin_client::{
    ApiClient as Api, ApiError, Appearance, As, Connector, Entry, EventPage, FollowedEvent, Incident, Known,
    Member, Mirrored, Operation, OperationFailure as Reason, OperationOutcome as Found, Organization,
    Postmortem, PreviewRequest, PreviewedIncident, SealedToken, SlackApp, SlackWorkspace,
    SoughtMember as Sought, TestedConnector,
    documents::{
        AddComment, CompleteSlackInstall, DateTime, EditComment, HomeIncidents, ListIncidents,
        RecordSlackChannelChange, RecordSlackLink, ReportRestore, RetractComment, ServicesToName,
        StatusOfIncidents, TriggerFromSlack, TriggerFromWorkflow, WhoIs, add_comment, complete_slack_install,
        edit_comment, home_incidents, list_incidents, record_slack_channel_change, record_slack_link,
        report_restore, retract_comment, services_to_name, status_of_incidents, trigger_from_slack,
        trigger_from_workflow, who_is,
    },
};
#[cfg(test)]
pub(crate) use tocsin_client::{Author, Tag};

/// Who the bridge is to the API.
pub(crate) const CALLER: ApiCaller = ApiCaller {
    user_agent: concat!("tocsin-bridge/", env!("CARGO_PKG_VERSION")),
    credential: "TOCSIN_BRIDGE_TOKEN",
    requests_metric: Some("tocsin_bridge_api_requests_total"),
    uses_proxy: true,
};
