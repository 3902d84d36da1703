//! What callers send to change incidents, and how it becomes a command.

use async_graphql::{ID, InputObject, MaybeUndefined};
use time::OffsetDateTime;
use tocsin_entity::{
    id::{IncidentId, UserId},
    kinds::{ReplyMode, Severity, Urgency},
};

use super::command::{Change, Command, CommentRef, Revision, TagValue, Trigger, Update};
use crate::{error::UserError, limits};

/// Most tags of an incident.
const TAGS_MAX: usize = 20;
/// Longest key of a tag, in characters.
const TAG_KEY_MAX: usize = 64;
/// Longest value of a tag, in characters.
const TAG_VALUE_MAX: usize = 256;
/// Most assignees of an incident.
const ASSIGNEES_MAX: usize = 50;

/// A label for an incident.
#[derive(Debug, InputObject)]
pub(crate) struct TagInput {
    /// What it labels; at most 64 characters.
    pub(crate) key: String,
    /// The label; at most 256 characters.
    pub(crate) value: String,
}

/// A new incident.
#[derive(Debug, InputObject)]
pub(crate) struct TriggerIncidentInput {
    /// What is wrong, in a line of at most 200 characters.
    title: String,
    /// What is known; at most 20,000 characters.
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

/// Which incident is to be acknowledged.
#[derive(Debug, InputObject)]
pub(crate) struct AcknowledgeIncidentInput {
    /// The incident's id.
    pub(super) id: ID,
    /// Makes the request repeatable for 24 hours.
    pub(super) idempotency_key: Option<String>,
}

/// Which incident is resolved, and how.
#[derive(Debug, InputObject)]
pub(crate) struct ResolveIncidentInput {
    /// The incident's id.
    pub(super) id: ID,
    /// What was done; at most 20,000 characters.
    pub(super) note_markdown: Option<String>,
    /// Makes the request repeatable for 24 hours.
    pub(super) idempotency_key: Option<String>,
}

/// Which incident is open again, and why.
#[derive(Debug, InputObject)]
pub(crate) struct ReopenIncidentInput {
    /// The incident's id.
    pub(super) id: ID,
    /// Why; at most 20,000 characters.
    pub(super) reason_markdown: Option<String>,
    /// Makes the request repeatable for 24 hours.
    pub(super) idempotency_key: Option<String>,
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

/// New values for an incident; what is left out stays.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateIncidentInput {
    /// The incident's id.
    pub(super) id: ID,
    /// What is wrong, in a line of at most 200 characters.
    title: Option<String>,
    /// What is known; at most 20,000 characters.
    description_markdown: Option<String>,
    /// How soon a person must look.
    urgency: Option<Urgency>,
    /// How much is broken.
    severity: Option<Severity>,
    /// Labels, in place of those before; at most 20.
    tags: Option<Vec<TagInput>>,
    /// Makes the request repeatable for 24 hours.
    pub(super) idempotency_key: Option<String>,
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
    /// What is said; at most 12,000 characters, and not blank.
    body_markdown: String,
    /// Where it was said, as `slack:T…/C…/ts`: a second comment from there is the first again. Taken from the Slack bridge alone.
    #[graphql(visible = "crate::viewer::shown_to_bridge")]
    pub(super) external_ref: Option<String>,
    /// Who said it, where no member did. Taken from the Slack bridge alone.
    #[graphql(visible = "crate::viewer::shown_to_bridge")]
    pub(super) slack_author: Option<SlackAuthorInput>,
    /// When it was said, which becomes the entry's `occurredAt`: the incident's beginning at the earliest, and now at the latest. What was said
    /// while the sync was muted is no comment, whenever that comes to be known. Taken from the Slack bridge alone.
    #[graphql(visible = "crate::viewer::shown_to_bridge")]
    pub(super) said_at: Option<OffsetDateTime>,
    /// Through which connector's message it was said: without two-way sync there it is no comment. Taken from the Slack bridge alone.
    #[graphql(visible = "crate::viewer::shown_to_bridge")]
    pub(super) connector_id: Option<ID>,
    /// Makes the request repeatable for 24 hours.
    pub(super) idempotency_key: Option<String>,
}

/// Another text for a comment: for who made it.
#[derive(Debug, InputObject)]
pub(crate) struct EditCommentInput {
    /// The comment's id.
    id: Option<ID>,
    /// Where it was said, as `slack:T…/C…/ts`, in place of its id. Taken from the Slack bridge alone.
    #[graphql(visible = "crate::viewer::shown_to_bridge")]
    pub(super) external_ref: Option<String>,
    /// What it says from now on; at most 12,000 characters, and not blank.
    body_markdown: String,
    /// Slack's `edited.ts`: an edit that is no newer than the last one changes nothing. Taken from the Slack bridge alone.
    #[graphql(visible = "crate::viewer::shown_to_bridge")]
    pub(super) revision: Option<String>,
    /// Makes the request repeatable for 24 hours.
    pub(super) idempotency_key: Option<String>,
}

/// Which comment is taken back.
#[derive(Debug, InputObject)]
pub(crate) struct RetractCommentInput {
    /// The comment's id.
    id: Option<ID>,
    /// Where it was said, as `slack:T…/C…/ts`, in place of its id. Taken from the Slack bridge alone.
    #[graphql(visible = "crate::viewer::shown_to_bridge")]
    pub(super) external_ref: Option<String>,
    /// Makes the request repeatable for 24 hours.
    pub(super) idempotency_key: Option<String>,
}

/// How Slack is to show an incident; what is left out stays.
#[derive(Debug, InputObject)]
pub(crate) struct SetSlackSyncInput {
    /// The incident's id.
    pub(super) id: ID,
    /// Whether Slack's threads and the timeline go separate ways.
    pub(super) muted: Option<bool>,
    /// How later changes are told there; null leaves it to the connectors.
    pub(super) reply_mode: MaybeUndefined<ReplyMode>,
    /// Makes the request repeatable for 24 hours.
    pub(super) idempotency_key: Option<String>,
}

/// The id of an incident; one that is malformed is one that is not there.
pub(super) fn incident_id(field: &str, id: &ID) -> Result<IncidentId, UserError> {
    id.parse().map_err(|_| UserError::not_found("incident").at(field))
}

pub(super) fn assignees(ids: &[ID]) -> Result<Vec<UserId>, UserError> {
    if ids.len() > ASSIGNEES_MAX {
        return Err(UserError::invalid(
            "assigneeIds",
            format!("At most {ASSIGNEES_MAX} people can be assigned."),
        ));
    }
    ids.iter()
        .map(|id| {
            id.parse()
                .map_err(|_| UserError::not_found("user").at("assigneeIds"))
        })
        .collect()
}

fn tags(tags: Vec<TagInput>) -> Result<Vec<TagValue>, UserError> {
    if tags.len() > TAGS_MAX {
        return Err(UserError::invalid(
            "tags",
            format!("At most {TAGS_MAX} tags are allowed."),
        ));
    }
    tags.into_iter()
        .map(|tag| {
            Ok(TagValue {
                key: limits::line("tags", &tag.key, TAG_KEY_MAX)?,
                value: limits::bounded("tags", tag.value, TAG_VALUE_MAX)?,
            })
        })
        .collect()
}

impl TriggerIncidentInput {
    pub(super) fn command(self) -> Result<Command, UserError> {
        Ok(Command::Trigger(Trigger {
            title: limits::title("title", &self.title)?,
            description_markdown: limits::note("descriptionMarkdown", self.description_markdown)?
                .unwrap_or_default(),
            service_id: self
                .service_id
                .map(|id| {
                    id.parse()
                        .map_err(|_| UserError::not_found("service").at("serviceId"))
                })
                .transpose()?,
            urgency: self.urgency,
            severity: self.severity,
            tags: tags(self.tags.unwrap_or_default())?,
            assignees: assignees(&self.assignee_ids.unwrap_or_default())?,
            dedup_key: limits::key("dedupKey", self.dedup_key)?,
        }))
    }
}

impl UpdateIncidentInput {
    pub(super) fn change(self) -> Result<Change, UserError> {
        Ok(Change::Update(Update {
            title: self
                .title
                .map(|title| limits::title("title", &title))
                .transpose()?,
            description_markdown: self
                .description_markdown
                .map(|text| limits::bounded("descriptionMarkdown", text, limits::TEXT_MAX))
                .transpose()?,
            urgency: self.urgency,
            severity: self.severity,
            tags: self.tags.map(tags).transpose()?,
        }))
    }
}

/// What a comment says.
fn comment_body(markdown: String) -> Result<String, UserError> {
    if markdown.trim().is_empty() {
        return Err(UserError::invalid("bodyMarkdown", "A comment must not be blank."));
    }
    limits::bounded("bodyMarkdown", markdown, limits::COMMENT_MAX)
}

/// The comment that is meant, by one of its two names.
fn comment_ref(id: Option<ID>, external_ref: Option<String>) -> Result<CommentRef, UserError> {
    match (id, limits::key("externalRef", external_ref)?) {
        (Some(id), None) => id
            .parse()
            .map(CommentRef::Id)
            .map_err(|_| UserError::not_found("comment").at("id")),
        (None, Some(reference)) => Ok(CommentRef::External(reference)),
        (None, None) | (Some(_), Some(_)) => Err(UserError::invalid(
            "id",
            "Name the comment by its `id`, or by its `externalRef`.",
        )),
    }
}

impl EditCommentInput {
    pub(super) fn command(self) -> Result<Command, UserError> {
        let revision = Revision::Edit {
            body: comment_body(self.body_markdown)?,
            revision: limits::key("revision", self.revision)?,
        };
        Ok(Command::Revise(
            comment_ref(self.id, self.external_ref)?,
            revision,
        ))
    }
}

impl RetractCommentInput {
    pub(super) fn command(self, of_others: bool) -> Result<Command, UserError> {
        Ok(Command::Revise(
            comment_ref(self.id, self.external_ref)?,
            Revision::Retract { of_others },
        ))
    }
}

impl AddCommentInput {
    pub(super) fn change(self) -> Result<Change, UserError> {
        Ok(Change::Comment {
            body: comment_body(self.body_markdown)?,
            external_ref: limits::key("externalRef", self.external_ref)?,
            said_at: self.said_at.map(limits::time),
        })
    }
}
