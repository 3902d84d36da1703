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

/// A label for an incident.
#[derive(Debug, InputObject)]
pub(crate) struct TagInput {
    /// What it labels; at most 64 characters.
    pub(crate) key: String,
    /// The label; at most 256 characters.
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

/// A new incident.
#[derive(Debug, InputObject)]
pub(crate) struct TriggerIncidentInput {
    /// What is wrong, in a line of at most 200 characters.
    title: String,
    /// What is known; at most 100,000 characters.
    description_markdown: Option<String>,
    /// The service that is broken; the organisation's default one where none is named.
    service_id: Option<ID>,
    /// How soon a person must look; the service's default where none is named.
    urgency: Option<Urgency>,
    /// How much is broken.
    severity: Option<Severity>,
    /// Labels; at most 20.
    tags: Option<Vec<TagInput>>,
    /// Who is to work it; at most 50.
    assignee_ids: Option<Vec<ID>>,
    /// While an incident with this key is open, the trigger is that incident again.
    dedup_key: Option<String>,
    /// Makes the request repeatable for 24 hours.
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

/// Which incident is to be acknowledged.
#[derive(Debug, InputObject)]
pub(crate) struct AcknowledgeIncidentInput {
    /// The incident's id.
    pub(super) id: ID,
    /// Makes the request repeatable for 24 hours.
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

/// Which incident is resolved, and how.
#[derive(Debug, InputObject)]
pub(crate) struct ResolveIncidentInput {
    /// The incident's id.
    pub(super) id: ID,
    /// What was done; at most 200,000 characters.
    pub(super) note_markdown: Option<String>,
    /// Makes the request repeatable for 24 hours.
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

/// Which incident is open again, and why.
#[derive(Debug, InputObject)]
pub(crate) struct ReopenIncidentInput {
    /// The incident's id.
    pub(super) id: ID,
    /// Why; at most 200,000 characters.
    pub(super) reason_markdown: Option<String>,
    /// Makes the request repeatable for 24 hours.
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

/// Which incident may rest, and until when.
#[derive(Debug, InputObject)]
pub(crate) struct SnoozeIncidentInput {
    /// The incident's id.
    pub(super) id: ID,
    /// Until when; at most 30 days from now.
    pub(super) until: OffsetDateTime,
    /// Makes the request repeatable for 24 hours.
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

/// Which incident is to be worked by others.
#[derive(Debug, InputObject)]
pub(crate) struct ReassignIncidentInput {
    /// The incident's id.
    pub(super) id: ID,
    /// Who is to work it from now on; at most 50, and nobody where the list is empty.
    pub(super) assignee_ids: Vec<ID>,
    /// Makes the request repeatable for 24 hours.
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

/// The incident whose snooze ends now.
#[derive(Debug, InputObject)]
pub(crate) struct UnsnoozeIncidentInput {
    /// The incident's id.
    pub(super) id: ID,
    /// Makes the request repeatable for 24 hours.
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

/// New values for an incident. What you leave out stays as it is. An incident always has a title, an urgency and a service: null is refused for them.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateIncidentInput {
    /// The incident's id.
    pub(super) id: ID,
    /// What is wrong, in a line of at most 200 characters.
    title: MaybeUndefined<String>,
    /// What is known; at most 100,000 characters. Null for nothing.
    description_markdown: MaybeUndefined<String>,
    /// How soon a person must look.
    urgency: MaybeUndefined<Urgency>,
    /// How much is broken; null where nobody says.
    severity: MaybeUndefined<Severity>,
    /// The tags that replace all tags of the incident; at most 20, each key once. Null removes all tags.
    tags: MaybeUndefined<Vec<TagInput>>,
    /// The service that is broken.
    service_id: MaybeUndefined<ID>,
    /// The version of the incident that you have read. If the incident has another version by now, nothing changes and the error is `CONFLICT`.
    version: Option<i64>,
    /// Makes the request repeatable for 24 hours.
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

/// A person in Slack who is no member. Taken from the Slack bridge alone.
#[derive(Debug, InputObject)]
pub(crate) struct SlackAuthorInput {
    /// The name people see in Slack.
    pub(super) name: String,
}

/// A comment on an incident.
#[derive(Debug, InputObject)]
pub(crate) struct AddCommentInput {
    /// The incident's id.
    pub(super) incident_id: ID,
    /// What is said; at most 200,000 characters, and not blank.
    body_markdown: String,
    /// Where it was said, as `slack:T…/C…/ts`: a second comment from there is the first again. Taken from the Slack bridge alone.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    pub(super) external_ref: Option<String>,
    /// Who said it, where no member did. Taken from the Slack bridge alone.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    pub(super) slack_author: Option<SlackAuthorInput>,
    /// When it was said, which becomes the entry's `occurredAt`: the incident's beginning at the earliest, and now at the latest. What was said
    /// while the sync was muted is no comment, whenever that comes to be known. Taken from the Slack bridge alone.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    pub(super) said_at: Option<OffsetDateTime>,
    /// Through which connector's message it was said: without two-way sync there it is no comment. Taken from the Slack bridge alone.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    pub(super) connector_id: Option<ID>,
    /// Makes the request repeatable for 24 hours.
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

/// Another text for a comment: for who made it.
#[derive(Debug, InputObject)]
pub(crate) struct EditCommentInput {
    /// The comment's id.
    id: Option<ID>,
    /// Where it was said, as `slack:T…/C…/ts`, in place of its id. Taken from the Slack bridge alone.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    pub(super) external_ref: Option<String>,
    /// What it says from now on; at most 200,000 characters, and not blank.
    body_markdown: String,
    /// Slack's `edited.ts`: an edit that is no newer than the last one changes nothing. Taken from the Slack bridge alone.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    pub(super) revision: Option<String>,
    /// Makes the request repeatable for 24 hours.
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

/// Which comment is taken back.
#[derive(Debug, InputObject)]
pub(crate) struct RetractCommentInput {
    /// The comment's id.
    id: Option<ID>,
    /// Where it was said, as `slack:T…/C…/ts`, in place of its id. Taken from the Slack bridge alone.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    pub(super) external_ref: Option<String>,
    /// Makes the request repeatable for 24 hours.
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

/// How Slack is to show an incident; what is left out stays.
#[derive(Debug, InputObject)]
pub(crate) struct SetSlackSyncInput {
    /// The incident's id.
    pub(super) id: ID,
    /// Whether Slack's threads and the timeline go separate ways.
    pub(super) muted: MaybeUndefined<bool>,
    /// How later changes are told there; null leaves it to the connectors.
    pub(super) reply_mode: MaybeUndefined<ReplyMode>,
    /// Makes the request repeatable for 24 hours.
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
