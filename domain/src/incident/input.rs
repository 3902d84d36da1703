//! What callers send to change incidents, and how it becomes a command.

use std::collections::HashSet;

use time::OffsetDateTime;
use tocsin_entity::{
    id::{IncidentId, ServiceId, UserId},
    incident::TagValue,
    kinds::{ReplyMode, Severity, Urgency},
};

use super::command::{ChangeCommand, CommentRef, IncidentCommand, IncidentUpdate, Revision, TriggerCommand};
use crate::{
    error::{UserError, UserErrors},
    idempotency::RequestKey,
    limits,
    patch::Patch,
    validation::{Checks, each, new_value},
};

/// Most tags of an incident.
const TAGS_MAX: usize = 20;

/// Longest key of a tag, in characters.
const TAG_KEY_MAX: usize = 64;

/// Longest value of a tag, in characters.
const TAG_VALUE_MAX: usize = 256;

/// Most assignees of an incident.
const ASSIGNEES_MAX: usize = 50;

/// A new incident.
#[derive(Debug)]
pub struct TriggerIncident {
    /// What is wrong, in a line of at most 200 characters.
    pub title: String,
    /// What is known; at most 100,000 characters.
    pub description_markdown: Option<String>,
    /// The service that is broken; the organisation's default one where none is named.
    pub service_id: Option<String>,
    /// How soon a person must look; the service's default where none is named.
    pub urgency: Option<Urgency>,
    /// How much is broken.
    pub severity: Option<Severity>,
    /// Labels; at most 20.
    pub tags: Option<Vec<TagValue>>,
    /// Who is to work it; at most 50.
    pub assignee_ids: Option<Vec<String>>,
    /// While an incident with this key is open, the trigger is that incident again.
    pub dedup_key: Option<String>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Which incident is to be acknowledged.
#[derive(Debug)]
pub struct AcknowledgeIncident {
    /// The incident's id.
    pub id: String,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Which incident is resolved, and how.
#[derive(Debug)]
pub struct ResolveIncident {
    /// The incident's id.
    pub id: String,
    /// What was done; at most 200,000 characters.
    pub note_markdown: Option<String>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Which incident is open again, and why.
#[derive(Debug)]
pub struct ReopenIncident {
    /// The incident's id.
    pub id: String,
    /// Why; at most 200,000 characters.
    pub reason_markdown: Option<String>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Which incident may rest, and until when.
#[derive(Debug)]
pub struct SnoozeIncident {
    /// The incident's id.
    pub id: String,
    /// Until when; at most 30 days from now.
    pub until: OffsetDateTime,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Which incident is to rest no longer.
#[derive(Debug)]
pub struct UnsnoozeIncident {
    /// The incident's id.
    pub id: String,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Which incident is to be worked by others.
#[derive(Debug)]
pub struct ReassignIncident {
    /// The incident's id.
    pub id: String,
    /// Who is to work it from now on; at most 50, and nobody where the list is empty.
    pub assignee_ids: Vec<String>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// New values for an incident; what is left out stays.
#[derive(Debug)]
pub struct UpdateIncident {
    /// The incident's id.
    pub id: String,
    /// What is wrong, in a line of at most 200 characters.
    pub title: Patch<String>,
    /// What is known; at most 100,000 characters. Null for nothing.
    pub description_markdown: Patch<String>,
    /// How soon a person must look.
    pub urgency: Patch<Urgency>,
    /// How much is broken; null where nobody says.
    pub severity: Patch<Severity>,
    /// Labels, in place of those before; at most 20. Null for none.
    pub tags: Patch<Vec<TagValue>>,
    /// The service that is broken.
    pub service_id: Patch<String>,
    /// The version that the caller has seen: of a later one nothing is changed.
    pub version: Option<i64>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// A comment on an incident.
#[derive(Debug)]
pub struct AddComment {
    /// The incident's id.
    pub incident_id: String,
    /// What is said; at most 200,000 characters, and not blank.
    pub body_markdown: String,
    /// Where it was said, as `slack:T…/C…/ts`: a second comment from there is the first again. Taken from the Slack bridge alone.
    pub external_ref: Option<String>,
    /// Who said it, where no member did. Taken from the Slack bridge alone.
    pub slack_author: Option<String>,
    /// When it was said, which becomes the entry's `occurredAt`: the incident's beginning at the earliest, and now at the latest. What was said
    /// while the sync was muted is no comment, whenever that comes to be known. Taken from the Slack bridge alone.
    pub said_at: Option<OffsetDateTime>,
    /// Through which connector's message it was said: without two-way sync there it is no comment. Taken from the Slack bridge alone.
    pub connector_id: Option<String>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Another text for a comment: for who made it.
#[derive(Debug)]
pub struct EditComment {
    /// The comment's id.
    pub id: Option<String>,
    /// Where it was said, as `slack:T…/C…/ts`, in place of its id. Taken from the Slack bridge alone.
    pub external_ref: Option<String>,
    /// What it says from now on; at most 200,000 characters, and not blank.
    pub body_markdown: String,
    /// Slack's `edited.ts`: an edit that is no newer than the last one changes nothing. Taken from the Slack bridge alone.
    pub revision: Option<String>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Which comment is taken back.
#[derive(Debug)]
pub struct RetractComment {
    /// The comment's id.
    pub id: Option<String>,
    /// Where it was said, as `slack:T…/C…/ts`, in place of its id. Taken from the Slack bridge alone.
    pub external_ref: Option<String>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// How Slack is to show an incident; what is left out stays.
#[derive(Debug)]
pub struct SetSlackSync {
    /// The incident's id.
    pub id: String,
    /// Whether Slack's threads and the timeline go separate ways.
    pub muted: Patch<bool>,
    /// How later changes are told there; null leaves it to the connectors.
    pub reply_mode: Patch<ReplyMode>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// The id of an incident; one that is malformed is one that is not there.
pub(crate) fn incident_id(field: &str, id: &str) -> Result<IncidentId, UserError> {
    id.parse().map_err(|_| UserError::not_found("incident").at(field))
}

fn service_id(id: &str) -> Result<ServiceId, UserError> {
    id.parse()
        .map_err(|_| UserError::not_found("service").at("serviceId"))
}

pub(crate) fn assignees(ids: &[String]) -> Result<Vec<UserId>, UserErrors> {
    if ids.len() > ASSIGNEES_MAX {
        let why = format!("At most {ASSIGNEES_MAX} people can be assigned.");
        return Err(UserError::invalid("assigneeIds", why).into());
    }
    each("assigneeIds", ids, |id| {
        id.parse().map_err(|_| UserError::not_found("user"))
    })
}

/// Labels; each key once.
fn tags(tags: Vec<TagValue>) -> Result<Vec<TagValue>, UserErrors> {
    if tags.len() > TAGS_MAX {
        return Err(UserError::invalid("tags", format!("At most {TAGS_MAX} tags are allowed.")).into());
    }
    let mut keys = HashSet::new();
    each("tags", tags, |tag| {
        let (key, value) = (
            limits::line("key", &tag.key, TAG_KEY_MAX),
            limits::bounded("value", tag.value, TAG_VALUE_MAX),
        )
            .all()?;
        if !keys.insert(key.clone()) {
            let why = format!("There is another tag with the key `{key}`: give each key once.");
            return Err(UserError::invalid("key", why).into());
        }
        Ok::<_, UserErrors>(TagValue { key, value })
    })
}

impl TriggerIncident {
    pub(crate) fn command(self) -> Result<IncidentCommand, UserErrors> {
        let (title, description_markdown, service_id, tags, assignees, dedup_key) = (
            limits::title("title", &self.title),
            limits::description("descriptionMarkdown", self.description_markdown),
            self.service_id.map(|id| service_id(&id)).transpose(),
            tags(self.tags.unwrap_or_default()),
            assignees(&self.assignee_ids.unwrap_or_default()),
            limits::key("dedupKey", self.dedup_key),
        )
            .all()?;
        Ok(IncidentCommand::Trigger(TriggerCommand {
            title,
            description_markdown: description_markdown.unwrap_or_default(),
            service_id,
            urgency: self.urgency,
            severity: self.severity,
            tags,
            assignees,
            dedup_key,
        }))
    }
}

impl UpdateIncident {
    /// The same of a bridge of the version before, which says null of what it leaves out.
    pub(crate) fn without_nulls(self) -> Self {
        Self {
            title: self.title.or_keep(),
            description_markdown: self.description_markdown.or_keep(),
            urgency: self.urgency.or_keep(),
            severity: self.severity.or_keep(),
            tags: self.tags.or_keep(),
            service_id: self.service_id.or_keep(),
            ..self
        }
    }

    pub(crate) fn change(self) -> Result<ChangeCommand, UserErrors> {
        let description = self.description_markdown.or_empty();
        let (title, description_markdown, urgency, tags, service_id) = (
            new_value("title", self.title, |title| limits::title("title", &title)),
            description
                .map(|text| limits::bounded("descriptionMarkdown", text, limits::DESCRIPTION_MAX))
                .transpose(),
            self.urgency.needed("urgency"),
            self.tags.or_empty().map(tags).transpose(),
            new_value("serviceId", self.service_id, |id| service_id(&id)),
        )
            .all()?;
        Ok(ChangeCommand::Update(IncidentUpdate {
            title,
            description_markdown,
            urgency,
            severity: self.severity,
            tags,
            service_id,
            version: self.version,
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
fn comment_ref(id: Option<String>, external_ref: Option<String>) -> Result<CommentRef, UserError> {
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

impl EditComment {
    pub(crate) fn command(self) -> Result<IncidentCommand, UserError> {
        let revision = Revision::Edit {
            body: comment_body(self.body_markdown)?,
            revision: limits::key("revision", self.revision)?,
        };
        Ok(IncidentCommand::Revise(
            comment_ref(self.id, self.external_ref)?,
            revision,
        ))
    }
}

impl RetractComment {
    pub(crate) fn command(self, of_others: bool) -> Result<IncidentCommand, UserError> {
        Ok(IncidentCommand::Revise(
            comment_ref(self.id, self.external_ref)?,
            Revision::Retract { of_others },
        ))
    }
}

impl AddComment {
    pub(crate) fn change(self) -> Result<ChangeCommand, UserError> {
        Ok(ChangeCommand::Comment {
            body: comment_body(self.body_markdown)?,
            external_ref: limits::key("externalRef", self.external_ref)?,
            said_at: self.said_at.map(limits::time),
        })
    }
}
