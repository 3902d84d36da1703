//! Tocsin's own GraphQL, typed: for the workers and the commands that speak with the API.
//!
//! The documents are in `graphql/`, and are checked against `bridge.graphql` when this crate is compiled. What they answer becomes plain
//! types here. What always holds:
//!
//! - A request says who makes it, about which organisation and on whose behalf ([`As`]); nothing of that is remembered from one to the next.
//! - A request that fails for the moment is made again within a second, so each mutation carries an idempotency key.
//! - A value of an enum that a newer API knows is no error: it is kept by its name ([`Known`]).
//! - An error repeats nothing of an answer that can't be read: a secret may stand in it.
//!
//! It names no table and renders nothing.

mod administration;
mod api;
mod change;
#[expect(missing_docs, reason = "the schema describes what is generated from it")]
pub mod documents;
mod error;
mod incident;
mod known;
mod members;
mod mirrored;
mod operation;
mod postmortem;
mod preview;
mod scenario;
mod sign_in;
mod transport;
mod workspace;

pub use self::{
    administration::{
        ApiKeyDraft, ConnectorChange, ConnectorDraft, ConnectorRuleDraft, CreatedApiKey, ListedConnector,
        ListedMember, ListedWorkspace, OperationReport, SavedConnector, WorkspaceDraft,
    },
    api::{ApiClient, EventPage, FollowedEvent, Member, Organization},
    change::ChangeError,
    error::ApiError,
    incident::{Appearance, Author, Connector, ConnectorTarget, Entry, Incident, Tag, TemplateText},
    known::Known,
    members::{Administrators, MemberChoice, NewAssignee},
    mirrored::{MIRRORED_MAX, MirroredIncident},
    operation::{
        OperationFailure, OperationOutcome, SlackOperation, SoughtMember, TestedConnector,
        WorkspaceConnection,
    },
    postmortem::Postmortem,
    preview::{PreviewRequest, PreviewedIncident},
    scenario::{IncidentWithTimeline, MemberDraft, NewIncident, TimelineLine, TriggeredIncident},
    sign_in::SignInProof,
    transport::{ApiCaller, As},
    workspace::{LeadingConnector, SealedToken, SlackApp, SlackWorkspace},
};
