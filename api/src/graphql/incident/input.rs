//! What callers send to change incidents, and how it becomes a command.

use async_graphql::{Context, ID, InputObject, MaybeUndefined};
use time::OffsetDateTime;
use tocsin_entity::{
    incident::TagValue,
    kinds::{ReplyMode, Severity, Urgency},
};

use crate::graphql::{
    context::{given_key, patch, text, texts},
    failure::Result,
};

/// A tag of an incident, such as `region: eu-west`.
#[derive(Debug, InputObject)]
pub(crate) struct TagInput {
    /// The key of the tag; at most 64 characters, not blank.
    pub(crate) key: String,
    /// The value of the tag; at most 256 characters.
    pub(crate) value: String,
}

/// Labels as the domain takes them.
pub(crate) fn tag_values(tags: Vec<TagInput>) -> Vec<TagValue> {
    let values = tags.into_iter();
    values
        .map(|tag| TagValue {
            key: tag.key,
            value: tag.value,
        })
        .collect()
}

/// A new incident to trigger.
#[derive(Debug, InputObject)]
pub(crate) struct TriggerIncidentInput {
    /// The title: what is wrong, in a single line of at most 200 characters.
    title: String,
    /// The description: what is known, in Markdown; at most 100,000 characters. Empty by default.
    description_markdown: Option<String>,
    /// The id of the service that is affected; the organisation's default service by default.
    service_id: Option<ID>,
    /// The urgency: how soon a person must look at the incident; the service's `defaultUrgency` by default.
    urgency: Option<Urgency>,
    /// The severity: how much is broken. No severity by default.
    severity: Option<Severity>,
    /// The tags of the incident; at most 20, each key once. No tags by default.
    tags: Option<Vec<TagInput>>,
    /// The ids of the users who work on the incident; at most 50. Nobody by default.
    assignee_ids: Option<Vec<ID>>,
    /// A key that prevents duplicates, at most 255 characters: while an incident with this key is open, a trigger with the same key returns that
    /// incident and changes nothing. No key by default.
    dedup_key: Option<String>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    pub(super) idempotency_key: Option<String>,
}

impl TriggerIncidentInput {
    pub(super) fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::incident::TriggerIncident> {
        Ok(tocsin_domain::incident::TriggerIncident {
            title: self.title,
            description_markdown: self.description_markdown,
            service_id: text(self.service_id),
            urgency: self.urgency,
            severity: self.severity,
            tags: self.tags.map(tag_values),
            assignee_ids: self.assignee_ids.map(texts),
            dedup_key: self.dedup_key,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The incident to acknowledge.
#[derive(Debug, InputObject)]
pub(crate) struct AcknowledgeIncidentInput {
    /// The id of the incident.
    pub(super) id: ID,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    pub(super) idempotency_key: Option<String>,
}

impl AcknowledgeIncidentInput {
    pub(super) fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::incident::AcknowledgeIncident> {
        Ok(tocsin_domain::incident::AcknowledgeIncident {
            id: self.id.0,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The incident to resolve, with an optional note.
#[derive(Debug, InputObject)]
pub(crate) struct ResolveIncidentInput {
    /// The id of the incident.
    pub(super) id: ID,
    /// The resolution note: what was done, in Markdown; at most 200,000 characters. No note by default.
    pub(super) note_markdown: Option<String>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    pub(super) idempotency_key: Option<String>,
}

impl ResolveIncidentInput {
    pub(super) fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::incident::ResolveIncident> {
        Ok(tocsin_domain::incident::ResolveIncident {
            id: self.id.0,
            note_markdown: self.note_markdown,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The incident to reopen, with an optional reason.
#[derive(Debug, InputObject)]
pub(crate) struct ReopenIncidentInput {
    /// The id of the incident.
    pub(super) id: ID,
    /// The reason for reopening the incident, in Markdown; at most 200,000 characters. No reason by default.
    pub(super) reason_markdown: Option<String>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    pub(super) idempotency_key: Option<String>,
}

impl ReopenIncidentInput {
    pub(super) fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::incident::ReopenIncident> {
        Ok(tocsin_domain::incident::ReopenIncident {
            id: self.id.0,
            reason_markdown: self.reason_markdown,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The incident to snooze, and when the snooze ends.
#[derive(Debug, InputObject)]
pub(crate) struct SnoozeIncidentInput {
    /// The id of the incident.
    pub(super) id: ID,
    /// The time when the snooze ends; in the future, at most 30 days from now.
    pub(super) until: OffsetDateTime,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    pub(super) idempotency_key: Option<String>,
}

impl SnoozeIncidentInput {
    pub(super) fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::incident::SnoozeIncident> {
        Ok(tocsin_domain::incident::SnoozeIncident {
            id: self.id.0,
            until: self.until,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The incident to reassign, and the new assignees.
#[derive(Debug, InputObject)]
pub(crate) struct ReassignIncidentInput {
    /// The id of the incident.
    pub(super) id: ID,
    /// The ids of the users who replace all assignees of the incident; at most 50. An empty list assigns the incident to nobody.
    pub(super) assignee_ids: Vec<ID>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    pub(super) idempotency_key: Option<String>,
}

impl ReassignIncidentInput {
    pub(super) fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::incident::ReassignIncident> {
        Ok(tocsin_domain::incident::ReassignIncident {
            id: self.id.0,
            assignee_ids: texts(self.assignee_ids),
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The incident to unsnooze: the snooze ends now.
#[derive(Debug, InputObject)]
pub(crate) struct UnsnoozeIncidentInput {
    /// The id of the incident.
    pub(super) id: ID,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    pub(super) idempotency_key: Option<String>,
}

impl UnsnoozeIncidentInput {
    pub(super) fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::incident::UnsnoozeIncident> {
        Ok(tocsin_domain::incident::UnsnoozeIncident {
            id: self.id.0,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// New values for an incident. What you leave out stays the same. An incident always has a title, an urgency and a service: null is refused for these
/// fields.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateIncidentInput {
    /// The id of the incident.
    pub(super) id: ID,
    /// The title: what is wrong, in a single line of at most 200 characters. Null is refused.
    title: MaybeUndefined<String>,
    /// The description: what is known, in Markdown; at most 100,000 characters. Null removes the description.
    description_markdown: MaybeUndefined<String>,
    /// The urgency: how soon a person must look at the incident. Null is refused.
    urgency: MaybeUndefined<Urgency>,
    /// The severity: how much is broken. Null removes the severity.
    severity: MaybeUndefined<Severity>,
    /// The tags that replace all tags of the incident; at most 20, each key once. Null removes all tags.
    tags: MaybeUndefined<Vec<TagInput>>,
    /// The id of the service that is affected. Null is refused.
    service_id: MaybeUndefined<ID>,
    /// The version of the incident that you have read. If the incident has another version by now, nothing changes and the error is `CONFLICT`. By
    /// default, the change doesn't depend on the version.
    version: Option<i64>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    pub(super) idempotency_key: Option<String>,
}

impl UpdateIncidentInput {
    pub(super) fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::incident::UpdateIncident> {
        Ok(tocsin_domain::incident::UpdateIncident {
            id: self.id.0,
            title: patch(self.title),
            description_markdown: patch(self.description_markdown),
            urgency: patch(self.urgency),
            severity: patch(self.severity),
            tags: patch(self.tags).map(tag_values),
            service_id: patch(self.service_id).map(|id| id.0),
            version: self.version,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// A person in Slack who is not a member. Only the Slack bridge can give this input.
#[derive(Debug, InputObject)]
pub(crate) struct SlackAuthorInput {
    /// The name that people see in Slack; at most 100 characters.
    pub(super) name: String,
}

/// A new comment on an incident.
#[derive(Debug, InputObject)]
pub(crate) struct AddCommentInput {
    /// The id of the incident.
    pub(super) incident_id: ID,
    /// The text of the comment, in Markdown; at most 200,000 characters, not blank.
    body_markdown: String,
    /// The Slack message that the comment comes from, as `slack:T…/C…/ts`: a second comment with the same reference is the first comment again. Only
    /// the Slack bridge can set this field.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    pub(super) external_ref: Option<String>,
    /// The author in Slack, if the author is not a member. Only the Slack bridge can set this field.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    pub(super) slack_author: Option<SlackAuthorInput>,
    /// The time when the message was written in Slack, which becomes the entry's `occurredAt`: not before the incident was triggered and not in the
    /// future; now by default. A message from a time when the sync was muted is never a comment, even if the bridge reports the message later. Only
    /// the Slack bridge can set this field.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    pub(super) said_at: Option<OffsetDateTime>,
    /// The id of the connector that posted the message to which the author replied: without two-way sync on this connector, the reply isn't a
    /// comment. Only the Slack bridge can set this field.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    pub(super) connector_id: Option<ID>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    pub(super) idempotency_key: Option<String>,
}

impl AddCommentInput {
    pub(super) fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::incident::AddComment> {
        Ok(tocsin_domain::incident::AddComment {
            incident_id: self.incident_id.0,
            body_markdown: self.body_markdown,
            external_ref: self.external_ref,
            slack_author: self.slack_author.map(|author| author.name),
            said_at: self.said_at,
            connector_id: text(self.connector_id),
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The new text of a comment. Only the author can edit a comment.
#[derive(Debug, InputObject)]
pub(crate) struct EditCommentInput {
    /// The id of the comment.
    id: Option<ID>,
    /// The Slack message that the comment comes from, as `slack:T…/C…/ts`, in place of the `id`. Only the Slack bridge can set this field.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    pub(super) external_ref: Option<String>,
    /// The new text of the comment, in Markdown; at most 200,000 characters, not blank.
    body_markdown: String,
    /// The `edited.ts` from Slack: an edit that is not newer than the last edit changes nothing. Only the Slack bridge can set this field.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    pub(super) revision: Option<String>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    pub(super) idempotency_key: Option<String>,
}

impl EditCommentInput {
    pub(super) fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::incident::EditComment> {
        Ok(tocsin_domain::incident::EditComment {
            id: text(self.id),
            external_ref: self.external_ref,
            body_markdown: self.body_markdown,
            revision: self.revision,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The comment to retract.
#[derive(Debug, InputObject)]
pub(crate) struct RetractCommentInput {
    /// The id of the comment.
    id: Option<ID>,
    /// The Slack message that the comment comes from, as `slack:T…/C…/ts`, in place of the `id`. Only the Slack bridge can set this field.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    pub(super) external_ref: Option<String>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    pub(super) idempotency_key: Option<String>,
}

impl RetractCommentInput {
    pub(super) fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::incident::RetractComment> {
        Ok(tocsin_domain::incident::RetractComment {
            id: text(self.id),
            external_ref: self.external_ref,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// New values for how Slack shows an incident. What you leave out stays the same.
#[derive(Debug, InputObject)]
pub(crate) struct SetSlackSyncInput {
    /// The id of the incident.
    pub(super) id: ID,
    /// Whether the sync between the timeline and the Slack threads is muted: what people write on either side stays there. Null is refused.
    pub(super) muted: MaybeUndefined<bool>,
    /// The place where Slack shows later changes of the incident: the thread or the channel. Null leaves the decision to the connectors.
    pub(super) reply_mode: MaybeUndefined<ReplyMode>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    pub(super) idempotency_key: Option<String>,
}

impl SetSlackSyncInput {
    pub(super) fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::incident::SetSlackSync> {
        Ok(tocsin_domain::incident::SetSlackSync {
            id: self.id.0,
            muted: patch(self.muted),
            reply_mode: patch(self.reply_mode),
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}
