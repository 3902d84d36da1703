//! What may be asked of an incident.

use time::OffsetDateTime;
use tocsin_entity::{
    id::{ApiKeyId, IncidentId, OrganizationId, ServiceId, UserId},
    kinds::{Severity, Source, Urgency},
};

/// Who acts, and through what.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The organisation it happens in.
    pub organization_id: OrganizationId,
    /// The member who acts, where one does.
    pub user_id: Option<UserId>,
    /// The key that acts, where no member does.
    pub key_id: Option<ApiKeyId>,
    /// The display name of a person in Slack who is no member.
    pub slack_name: Option<String>,
    /// Through what the change comes.
    pub source: Source,
    /// The request that asks for it, for logs.
    pub request_id: Option<String>,
}

/// A label of an incident.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TagValue {
    /// What it labels.
    pub key: String,
    /// The label.
    pub value: String,
}

/// A new incident.
#[derive(Debug, Clone)]
pub struct Trigger {
    /// What is wrong, in a line.
    pub title: String,
    /// What is known, in Markdown.
    pub description_markdown: String,
    /// The service; the organisation's default one where none is named.
    pub service_id: Option<ServiceId>,
    /// How soon a person must look; the service's default where none is named.
    pub urgency: Option<Urgency>,
    /// How much is broken.
    pub severity: Option<Severity>,
    /// Labels.
    pub tags: Vec<TagValue>,
    /// Who is to work it.
    pub assignees: Vec<UserId>,
    /// While an incident with this key is open, the trigger is that incident again.
    pub dedup_key: Option<String>,
}

/// New values for an incident's properties; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Update {
    /// The title.
    pub title: Option<String>,
    /// The description.
    pub description_markdown: Option<String>,
    /// The urgency.
    pub urgency: Option<Urgency>,
    /// The severity; `Some(None)` takes it away.
    pub severity: Option<Option<Severity>>,
    /// The tags.
    pub tags: Option<Vec<TagValue>>,
}

/// A change of an incident that is there.
#[derive(Debug, Clone)]
pub enum Change {
    /// Somebody has it.
    Acknowledge,
    /// It is over.
    Resolve {
        /// What was done.
        note: Option<String>,
    },
    /// It is not over.
    Reopen {
        /// Why.
        reason: Option<String>,
    },
    /// Somebody says something.
    Comment {
        /// What, in Markdown.
        body: String,
        /// Where it was said, outside; taken in once.
        external_ref: Option<String>,
    },
    /// It may rest.
    Snooze {
        /// Until when.
        until: OffsetDateTime,
    },
    /// The rest is over; asked for by the timer.
    EndSnooze {
        /// When the timer was due: a timer of a snooze that was changed since does nothing.
        due_at: OffsetDateTime,
    },
    /// Others are to work it.
    Reassign {
        /// Who.
        assignees: Vec<UserId>,
    },
    /// It is described otherwise.
    Update(Update),
}

/// One thing asked.
#[derive(Debug, Clone)]
pub enum Command {
    /// A new incident.
    Trigger(Trigger),
    /// A change of one that is there.
    Change(IncidentId, Change),
}
