//! The documents of `graphql/*.graphql`, as types.

use graphql_client::GraphQLQuery;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tocsin_entity::kinds;

use crate::known::Known;

/// RFC 3339, in UTC.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct DateTime(#[serde(with = "time::serde::rfc3339")] pub OffsetDateTime);

type IncidentStatus = Known<kinds::IncidentStatus>;
type Urgency = Known<kinds::Urgency>;
type Severity = Known<kinds::Severity>;
type EntryKind = Known<kinds::EntryKind>;
type Source = Known<kinds::Source>;
type Role = Known<kinds::Role>;
type Scope = Known<kinds::Scope>;
type ConnectorStatus = Known<kinds::ConnectorStatus>;
type SlackWorkspaceStatus = Known<kinds::SlackWorkspaceStatus>;
type UrgencyFilter = Known<kinds::UrgencyFilter>;
type ReplyMode = Known<kinds::ReplyMode>;
type SlackFeature = Known<kinds::SlackFeature>;
type ConnectorEvent = Known<kinds::ConnectorEvent>;
/// Why a connector is passed over.
type SlackRouteHeldBack = String;
type PostmortemStatus = Known<kinds::PostmortemStatus>;
type OperationKind = Known<kinds::OperationKind>;
type OperationState = Known<kinds::OperationState>;
type SlackMatch = Known<kinds::SlackMatch>;
/// A stable code of an expected failure.
type UserErrorCode = String;

macro_rules! documents {
    ($derives:tt, $($file:tt: $($name:ident),*;)*) => {$($(
        #[derive(GraphQLQuery)]
        #[graphql(
            schema_path = "../bridge.graphql",
            query_path = $file,
            extern_enums("IncidentStatus", "Urgency", "Severity", "EntryKind", "Source", "Role", "Scope", "PostmortemStatus", "ReplyMode", "ConnectorEvent", "ConnectorStatus", "UrgencyFilter", "SlackFeature", "SlackWorkspaceStatus", "SlackRouteHeldBack", "UserErrorCode", "OperationKind", "OperationState", "SlackMatch"),
            response_derives = $derives,
            variables_derives = "Debug, Clone",
            skip_serializing_none
        )]
        pub struct $name;
    )*)*};
}

documents! {
    "Debug, Clone",
    "graphql/incident.graphql": IncidentToMirror, IncidentsToMirror, ChangedTimeline, IncidentById, IncidentByNumber,
        HomeIncidents, ListIncidents, SlackPreviews;
    "graphql/follow.graphql": Organizations, ChangedOrganizations, EventLog, SlackMembers, UserByEmail;
    "graphql/postmortem.graphql": PostmortemOfIncident;
    "graphql/operations.graphql": PendingOperations, OperationById, FinishOperation;
    "graphql/workspaces.graphql": SlackWorkspaces, SlackApps, CompleteSlackInstall, RecordSlackChannelChange, LeadOf, Leads,
        ReportRestore;
    "graphql/commands.graphql": WhoIs, StatusOfIncidents, TriggerFromSlack;
    "graphql/workflow.graphql": ServicesToName, TriggerFromWorkflow;
    "graphql/members.graphql": AdministratorsOf, Assignees, NewAssignees, Responders;
    "graphql/scenario.graphql": TriggerIncident, CommentOnIncident, ResolveWithNote, IncidentProgress;
    "graphql/mutations.graphql": AcknowledgeIncident, ResolveIncident, ReopenIncident, AddComment, ReassignIncident, SnoozeIncident,
        UpdateIncident, CreateSignInLink, RecordSlackLink, EditComment, RetractComment, SetSlackSync;
}

// What the commands of administrators read, they print as JSON in the shape of the schema.
documents! {
    "Debug, Clone, Serialize",
    "graphql/administration.graphql": AddMember, ListMembers, AddApiKey, ReadInstallLink, ConnectWorkspace, ListWorkspaces, ListConnectors,
        AddConnector, AddConnectorRule, FindServices, TestConnection, SendTestMessage, AddSlackChannel, ReadOperation, ReplaceBotToken, ChangeConnector, RemoveConnector;
}
