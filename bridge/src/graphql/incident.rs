//! An incident as the bridge reads it.

use std::collections::BTreeSet;

use time::OffsetDateTime;
use tocsin_entity::{
    id::{ConnectorId, IncidentId, InvalidId, OrganizationId, TimelineEntryId, WorkspaceId},
    kinds::{ConnectorEvent, EntryKind, IncidentStatus, ReplyMode, Severity, Source, Urgency},
};

use tocsin_message::template::{Field, Template};

use super::{
    documents::{
        changed_timeline, home_incidents, incident_by_id, incident_by_number, incident_to_mirror,
        list_incidents,
    },
    known::Known,
};
use crate::{connector::Lead, mirror::words::Words};

/// An incident's present state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Incident {
    pub(crate) id: IncidentId,
    pub(crate) organization_id: OrganizationId,
    pub(crate) number: i64,
    pub(crate) title: String,
    pub(crate) description_markdown: String,
    pub(crate) status: Known<IncidentStatus>,
    pub(crate) urgency: Known<Urgency>,
    pub(crate) severity: Option<Known<Severity>>,
    pub(crate) url: String,
    pub(crate) version: i64,
    pub(crate) service: String,
    pub(crate) assignees: Vec<String>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) triggered_at: OffsetDateTime,
    pub(crate) triggered_by: Option<String>,
    pub(crate) acknowledged_at: Option<OffsetDateTime>,
    pub(crate) acknowledged_by: Option<String>,
    pub(crate) resolved_at: Option<OffsetDateTime>,
    pub(crate) resolved_by: Option<String>,
    pub(crate) snoozed_until: Option<OffsetDateTime>,
    /// Whether what is said in Slack stays there.
    pub(crate) slack_muted: bool,
    /// How its changes are told, in place of what the connectors say.
    pub(crate) reply_mode: Option<Known<ReplyMode>>,
    pub(crate) updated_at: OffsetDateTime,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) key: String,
    pub(crate) value: String,
}

/// An entry of an incident's timeline.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) id: TimelineEntryId,
    /// The incident's version that the entry made.
    pub(crate) version: i64,
    pub(crate) kind: Known<EntryKind>,
    pub(crate) source: Known<Source>,
    pub(crate) body_markdown: Option<String>,
    pub(crate) author: Option<Author>,
    pub(crate) created_at: OffsetDateTime,
    /// When it happened, or was said; `created_at` is when it was written down.
    pub(crate) occurred_at: OffsetDateTime,
    /// Where it came from outside, as `slack:T…/C…/ts`.
    pub(crate) external_ref: Option<String>,
    /// The incident's version that last changed the entry.
    pub(crate) changed_version: i64,
    pub(crate) is_edited: bool,
    /// What it said is gone.
    pub(crate) is_retracted: bool,
    /// It is not told in Slack.
    pub(crate) slack_muted: bool,
    pub(crate) changes: Vec<String>,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Author {
    pub(crate) name: String,
    /// Members only.
    pub(crate) email: Option<String>,
}

/// A Slack channel that the organisation's incidents go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Connector {
    pub(crate) id: ConnectorId,
    pub(crate) name: String,
    /// None for the workspace of the environment's token.
    pub(crate) workspace: Option<WorkspaceId>,
    /// Whether an administrator has disconnected the workspace.
    pub(crate) is_disconnected: bool,
    /// An id (`C…`) or a name with its hash.
    pub(crate) channel: String,
    /// Whether the channel is another organisation's, so that nothing goes there.
    pub(crate) is_taken: bool,
    pub(crate) reply_mode: Known<ReplyMode>,
    /// What is told there; none for all there is.
    pub(crate) events: Option<BTreeSet<ConnectorEvent>>,
    /// Whether comments are replies there.
    pub(crate) two_way_sync: bool,
    pub(crate) appearance: Appearance,
    /// Through which other connector incidents go while its channel takes nothing.
    pub(crate) fallback: Option<ConnectorId>,
    /// Its template; the built-in words where there is none.
    pub(crate) words: Option<Words>,
}

/// How messages look that are the bot's own; its own name and picture where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Appearance {
    pub(crate) name: Option<String>,
    /// An emoji (`:fire:`) or an address.
    pub(crate) icon: Option<String>,
}

impl Connector {
    /// Where it leads.
    pub(crate) fn lead(&self) -> Lead {
        Lead {
            workspace: self.workspace,
            channel: self.channel.clone(),
        }
    }

    /// A connector as it was read, of the organisation of that name.
    pub(super) fn of(
        read: incident_to_mirror::IncidentToMirrorConnectors,
        organization: &str,
    ) -> Result<Self, InvalidId> {
        Ok(Self {
            id: read.id.parse()?,
            name: read.name,
            is_disconnected: read
                .workspace
                .as_ref()
                .is_some_and(|workspace| workspace.disconnected_at.is_some()),
            workspace: read.workspace.map(|workspace| workspace.id.parse()).transpose()?,
            channel: read.channel,
            reply_mode: read.reply_mode,
            events: Some(read.events.into_iter().filter_map(Known::value).collect()),
            two_way_sync: read.two_way_sync,
            is_taken: read.is_channel_taken,
            appearance: Appearance {
                name: read.appearance_name,
                icon: read.appearance_icon,
            },
            fallback: read.fallback.map(|fallback| fallback.id.parse()).transpose()?,
            words: read.template.map(|template| Words {
                template: Template {
                    title: template.title,
                    body: template.body,
                    fields: template.fields.map(|fields| {
                        let all = fields.into_iter();
                        all.map(|field| Field {
                            name: field.name,
                            value: field.value,
                        })
                        .collect()
                    }),
                },
                organization: organization.to_owned(),
            }),
        })
    }
}

/// Each document has types of its own for the same fragments.
macro_rules! from_incident_fields {
    ($($document:ident),*) => {$(
        impl TryFrom<$document::IncidentFields> for Incident {
            type Error = InvalidId;

            fn try_from(read: $document::IncidentFields) -> Result<Self, InvalidId> {
                Ok(Self {
                    id: read.id.parse()?,
                    organization_id: read.organization_id.parse()?,
                    number: read.number,
                    title: read.title,
                    description_markdown: read.description_markdown,
                    status: read.status,
                    urgency: read.urgency,
                    severity: read.severity,
                    url: read.url,
                    version: read.version,
                    service: read.service.name,
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
                })
            }
        }
    )*};
}

from_incident_fields!(
    incident_to_mirror,
    incident_by_id,
    incident_by_number,
    home_incidents,
    list_incidents
);
from_entry_fields!(incident_to_mirror, changed_timeline);
