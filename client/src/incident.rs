//! An incident as it is read.

use std::collections::BTreeSet;

use time::OffsetDateTime;
use tocsin_entity::{
    id::{ConnectorId, IncidentId, InvalidId, OrganizationId, TimelineEntryId, UserId, WorkspaceId},
    kinds::{ConnectorEvent, EntryKind, IncidentStatus, ReplyMode, Severity, Source, Urgency},
};

use crate::{
    documents::{
        changed_timeline, home_incidents, incident_by_id, incident_by_number, incident_to_mirror,
        incidents_to_mirror, list_incidents, slack_previews,
    },
    known::Known,
};

/// An incident's present state.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// Its number in the organisation (`#42`).
    pub number: i64,
    /// What is wrong, in a line.
    pub title: String,
    /// What is known, as Markdown; empty in lists, which leave it out.
    pub description_markdown: String,
    /// Where it stands.
    pub status: Known<IncidentStatus>,
    /// How soon a person must look.
    pub urgency: Known<Urgency>,
    /// How much is broken.
    pub severity: Option<Known<Severity>>,
    /// Where people read it.
    pub url: String,
    /// Grows with each change.
    pub version: i64,
    /// The name of the service that is broken.
    pub service: String,
    /// The names of those who work it.
    pub assignees: Vec<String>,
    /// Their ids.
    pub assignee_ids: Vec<UserId>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// When it began.
    pub triggered_at: OffsetDateTime,
    /// The name of whoever triggered it.
    pub triggered_by: Option<String>,
    /// Since when somebody has it.
    pub acknowledged_at: Option<OffsetDateTime>,
    /// The name of whoever has it.
    pub acknowledged_by: Option<String>,
    /// Since when it is over.
    pub resolved_at: Option<OffsetDateTime>,
    /// The name of whoever resolved it.
    pub resolved_by: Option<String>,
    /// Until when it is quiet.
    pub snoozed_until: Option<OffsetDateTime>,
    /// Whether what is said in Slack stays there.
    pub slack_muted: bool,
    /// How its changes are told, in place of what the connectors say.
    pub reply_mode: Option<Known<ReplyMode>>,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// What it tells.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// An entry of an incident's timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its id.
    pub id: TimelineEntryId,
    /// The incident's version that the entry made.
    pub version: i64,
    /// What happened.
    pub kind: Known<EntryKind>,
    /// Through what it came.
    pub source: Known<Source>,
    /// What was said, as Markdown.
    pub body_markdown: Option<String>,
    /// Who did it.
    pub author: Option<Author>,
    /// When it was written down.
    pub created_at: OffsetDateTime,
    /// When it happened, or was said; `created_at` is when it was written down.
    pub occurred_at: OffsetDateTime,
    /// Where it came from outside, as `slack:T…/C…/ts`.
    pub external_ref: Option<String>,
    /// The incident's version that last changed the entry.
    pub changed_version: i64,
    /// Whether its text was changed later.
    pub is_edited: bool,
    /// What it said is gone.
    pub is_retracted: bool,
    /// It is not told in Slack.
    pub slack_muted: bool,
    /// What changed, for people: `urgency: Low → High`.
    pub changes: Vec<String>,
    /// The names of those who are to work the incident since then, where the entry tells of that.
    pub assignees: Option<Vec<String>>,
    /// Until when the incident is snoozed, where the entry tells of that.
    pub snoozed_until: Option<OffsetDateTime>,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Their name.
    pub name: String,
    /// Members only.
    pub email: Option<String>,
}

/// A Slack channel that the organisation's incidents go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connector {
    /// Its id.
    pub id: ConnectorId,
    /// What administrators call it.
    pub name: String,
    /// None for the workspace of the environment's token.
    pub workspace: Option<WorkspaceId>,
    /// Whether an administrator has disconnected the workspace.
    pub is_disconnected: bool,
    /// An id (`C…`) or a name with its hash.
    pub channel: String,
    /// Whether the channel is another organisation's, so that nothing goes there.
    pub is_taken: bool,
    /// How changes are told in its threads.
    pub reply_mode: Known<ReplyMode>,
    /// What is told there; none for all there is.
    pub events: Option<BTreeSet<ConnectorEvent>>,
    /// Whether comments are replies there.
    pub two_way_sync: bool,
    /// How its messages look.
    pub appearance: Appearance,
    /// Through which other connector incidents go while its channel takes nothing.
    pub fallback: Option<ConnectorId>,
    /// Its template; the built-in words where there is none.
    pub words: Option<TemplateText>,
}

/// How messages look that are the bot's own; its own name and picture where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Appearance {
    /// Who the messages are said to be from.
    pub name: Option<String>,
    /// An emoji (`:fire:`) or an address.
    pub icon: Option<String>,
}

/// Where a connector leads, in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorTarget {
    /// None for the workspace of the environment's token.
    pub workspace: Option<WorkspaceId>,
    /// An id (`C…`) or a name with its hash.
    pub channel: String,
}

/// A connector's template, as administrators wrote it. The default stands for each part that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateText {
    /// What stands above the coloured part.
    pub title: Option<String>,
    /// The text in the coloured part.
    pub body: Option<String>,
    /// The facts in two columns: what each is called, and what it says.
    pub fields: Option<Vec<(String, String)>>,
    /// The organisation's name.
    pub organization: String,
}

impl Connector {
    /// Where it leads.
    pub fn lead(&self) -> ConnectorTarget {
        ConnectorTarget {
            workspace: self.workspace,
            channel: self.channel.clone(),
        }
    }
}

/// Each document has types of its own for the same fragments.
macro_rules! from_incident_fields {
    ($fragment:ident, $description:expr, $($document:ident),*) => {$(
        impl TryFrom<$document::$fragment> for Incident {
            type Error = InvalidId;

            fn try_from(read: $document::$fragment) -> Result<Self, InvalidId> {
                let description: fn(&$document::$fragment) -> String = $description;
                let description_markdown = description(&read);
                Ok(Self {
                    id: read.id.parse()?,
                    organization_id: read.organization_id.parse()?,
                    number: read.number,
                    title: read.title,
                    description_markdown,
                    status: read.status,
                    urgency: read.urgency,
                    severity: read.severity,
                    url: read.url,
                    version: read.version,
                    service: read.service.name,
                    assignee_ids: read.assignees.iter().map(|user| user.id.parse()).collect::<Result<_, _>>()?,
                    assignees: read.assignees.into_iter().map(|user| user.name).collect(),
                    tags: read.tags.into_iter().map(|tag| Tag { key: tag.key, value: tag.value }).collect(),
                    triggered_at: read.triggered_at.0,
                    triggered_by: read.triggered_by.map(|user| user.name),
                    acknowledged_at: read.acknowledged_at.map(|at| at.0),
                    acknowledged_by: read.acknowledged_by.map(|user| user.name),
                    resolved_at: read.resolved_at.map(|at| at.0),
                    resolved_by: read.resolved_by.map(|user| user.name),
                    snoozed_until: read.snoozed_until.map(|at| at.0),
                    slack_muted: read.slack_muted,
                    reply_mode: read.slack_reply_mode,
                    updated_at: read.updated_at.0,
                })
            }
        }
    )*};
}

macro_rules! from_entry_fields {
    ($($document:ident),*) => {$(
        impl TryFrom<$document::EntryFields> for Entry {
            type Error = InvalidId;

            fn try_from(read: $document::EntryFields) -> Result<Self, InvalidId> {
                Ok(Self {
                    id: read.id.parse()?,
                    version: read.version,
                    kind: read.kind,
                    source: read.source,
                    body_markdown: read.body_markdown,
                    author: read.author.map(|author| Author { name: author.name, email: author.email }),
                    created_at: read.created_at.0,
                    occurred_at: read.occurred_at.0,
                    external_ref: read.external_ref,
                    changed_version: read.changed_version,
                    is_edited: read.edited_at.is_some(),
                    is_retracted: read.retracted_at.is_some(),
                    slack_muted: read.slack_muted,
                    changes: read.changes,
                    assignees: read.assignees.map(|users| users.into_iter().map(|user| user.name).collect()),
                    snoozed_until: read.snoozed_until.map(|until| until.0),
                })
            }
        }
    )*};
}

from_incident_fields!(
    IncidentFields,
    |read| read.description_markdown.clone(),
    incident_to_mirror,
    incidents_to_mirror,
    incident_by_id,
    incident_by_number
);
// With them, some dozens of long descriptions would not fit into an answer.
from_incident_fields!(
    ListedIncidentFields,
    |_| String::new(),
    home_incidents,
    list_incidents,
    slack_previews
);
from_entry_fields!(incident_to_mirror, incidents_to_mirror, changed_timeline);
