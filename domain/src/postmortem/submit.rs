//! What viewers ask of post-mortems: the right first, then the input, then the change.

use tocsin_entity::{
    id::{IncidentId, PostmortemId},
    postmortem,
};

use super::command::{self, PostmortemEditor, PostmortemStep};
use crate::{
    error::{MutationError, UserError},
    idempotency::{self, RequestKey},
    limits,
    patch::Patch,
    request::Request,
    validation::{Checks, new_value},
    viewer::Permission,
};

/// Which incident's post-mortem is to be drafted.
#[derive(Debug)]
pub struct CreatePostmortem {
    /// The incident's id.
    pub incident_id: String,
    /// The title, of at most 200 characters; the incident's where none is given.
    pub title: Option<String>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// New words for a post-mortem; what is left out stays.
#[derive(Debug)]
pub struct UpdatePostmortem {
    /// The post-mortem's id.
    pub id: String,
    /// The title, of at most 200 characters.
    pub title: Patch<String>,
    /// The text, of at most 200,000 characters; null for none.
    pub body_markdown: Patch<String>,
    /// The version that the words were written on: if another is there by now, nothing is changed.
    pub version: Option<i64>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Which post-mortem goes to its reviewers.
#[derive(Debug)]
pub struct RequestPostmortemReview {
    /// The post-mortem's id.
    pub id: String,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Which post-mortem is done.
#[derive(Debug)]
pub struct PublishPostmortem {
    /// The post-mortem's id.
    pub id: String,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Who asks, once they may.
fn by(request: &Request<'_>, key: Option<&RequestKey>) -> Result<PostmortemEditor, MutationError> {
    let viewer = request.viewer;
    Ok(PostmortemEditor {
        organization_id: viewer.may_change(Permission::Respond)?,
        user_id: viewer.member().map(|member| member.user_id),
        key: idempotency::key_use(request, key)?,
        now: request.now(),
    })
}

fn postmortem_id(id: &str) -> Result<PostmortemId, UserError> {
    id.parse()
        .map_err(|_| UserError::not_found("post-mortem").at("id"))
}

/// Drafts an incident's post-mortem from its timeline.
pub async fn create(
    request: &Request<'_>,
    input: CreatePostmortem,
) -> Result<postmortem::Model, MutationError> {
    let by = by(request, input.idempotency_key.as_ref())?;
    let (incident_id, title) = (
        input
            .incident_id
            .parse::<IncidentId>()
            .map_err(|_| UserError::not_found("incident").at("incidentId")),
        input
            .title
            .map(|title| limits::title("title", &title))
            .transpose(),
    )
        .all()?;
    command::create(request.domain.database(), &by, incident_id, title).await
}

/// Edits a post-mortem.
pub async fn update(
    request: &Request<'_>,
    input: UpdatePostmortem,
) -> Result<postmortem::Model, MutationError> {
    let by = by(request, input.idempotency_key.as_ref())?;
    let id = postmortem_id(&input.id)?;
    let body = input.body_markdown.or_empty();
    let (title, body) = (
        new_value("title", input.title, |title| limits::title("title", &title)),
        body.map(|body| limits::bounded("bodyMarkdown", body, limits::DOCUMENT_MAX))
            .transpose(),
    )
        .all()?;
    let step = PostmortemStep::Edit {
        title,
        body,
        version: input.version,
    };
    command::change(request.domain.database(), &by, id, step).await
}

/// Sends a draft to its reviewers.
pub async fn request_review(
    request: &Request<'_>,
    input: RequestPostmortemReview,
) -> Result<postmortem::Model, MutationError> {
    let by = by(request, input.idempotency_key.as_ref())?;
    let id = postmortem_id(&input.id)?;
    command::change(request.domain.database(), &by, id, PostmortemStep::RequestReview).await
}

/// Publishes a post-mortem that was reviewed.
pub async fn publish(
    request: &Request<'_>,
    input: PublishPostmortem,
) -> Result<postmortem::Model, MutationError> {
    let by = by(request, input.idempotency_key.as_ref())?;
    let id = postmortem_id(&input.id)?;
    command::change(request.domain.database(), &by, id, PostmortemStep::Publish).await
}
