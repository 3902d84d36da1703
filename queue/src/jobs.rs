//! The jobs that one crate rings and another runs: type and name only. Jobs that one crate keeps to itself are
//! declared there.

use serde::{Deserialize, Serialize};

use crate::job::Job;

/// An incident has changed: make Slack agree. A second run does nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReconcileIncident {
    /// The incident.
    pub incident_id: String,
    /// Whose it is.
    pub organization_id: String,
    /// The version that the ringer saw: a hint, the handler reads the present one.
    pub version: i64,
    /// The request that changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Job for ReconcileIncident {
    const NAME: &'static str = "reconcile-incident";

    fn key(&self) -> String {
        self.incident_id.clone()
    }

    fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

/// Slack has sent something, and it is in the inbox: do what it asks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkInbox {
    /// The inbox's row.
    pub inbox_id: String,
}

impl Job for WorkInbox {
    const NAME: &'static str = "work-inbox";

    fn key(&self) -> String {
        self.inbox_id.clone()
    }
}

/// A connector leads somewhere new: look whether its channel is there and takes messages. A second run does nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CheckConnector {
    /// The connector.
    pub connector_id: String,
}

impl Job for CheckConnector {
    const NAME: &'static str = "check-connector";

    fn key(&self) -> String {
        self.connector_id.clone()
    }
}

/// How organisations are connected to Slack has changed: look.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefreshSlackWorkspaces {}

impl Job for RefreshSlackWorkspaces {
    const NAME: &'static str = "refresh-slack-workspaces";

    fn key(&self) -> String {
        "all".to_owned()
    }
}

/// An administrator has asked for something to be done in Slack, and waits for what comes of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunSlackOperation {
    /// What is to be done.
    pub operation_id: String,
}

impl Job for RunSlackOperation {
    const NAME: &'static str = "run-slack-operation";

    fn key(&self) -> String {
        self.operation_id.clone()
    }
}

/// A digest no longer says what it should: write it again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefreshDigest {
    /// The digest.
    pub digest_id: String,
}

impl Job for RefreshDigest {
    const NAME: &'static str = "refresh-digest";

    fn key(&self) -> String {
        self.digest_id.clone()
    }
}
