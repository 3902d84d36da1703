//! The mirror: makes Slack show each incident as it is.
//!
//! What ought to be there ([`desired`]) and what is to be done about it ([`diff`]) are pure; [`deliver`] makes the calls, and
//! [`reconcile`] puts them together for one incident at a time. Nothing depends on what has changed, or on how often it was
//! told: only on how the incident is now, and on what is on record.

pub(crate) mod buttons;
pub(crate) mod content;
pub(crate) mod deliver;
pub(crate) mod desired;
mod destinations;
pub(crate) mod diff;
pub(crate) mod digest;
pub(crate) mod direct;
pub(crate) mod facts;
pub(crate) mod footer;
pub(crate) mod incident_loader;
pub(crate) mod mark;
pub(crate) mod outcome;
mod place;
pub(crate) mod preview;
pub(crate) mod reconcile;
pub(crate) mod refusal;
mod steps;
mod template;
#[cfg(test)]
pub(crate) mod tests;

use tocsin_client::ApiClient;
use tocsin_queue::Queue;

use self::{deliver::DeliveryService, incident_loader::IncidentLoader};
use crate::{store::Leases, workspace_sync::WorkspaceSync};

/// Makes Slack show incidents as they are. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Mirror {
    pub(crate) api: ApiClient,
    pub(crate) delivery: DeliveryService,
    pub(crate) incidents: IncidentLoader,
    pub(crate) leases: Leases,
    pub(crate) queue: Queue,
    pub(crate) workspace_sync: WorkspaceSync,
}
