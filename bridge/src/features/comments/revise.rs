//! A reply that was edited or deleted in Slack: so is its comment.
//!
//! Only its author may edit a message in Slack, so that the bridge makes these changes by itself.

use tocsin_client::{
    As,
    documents::{EditComment, edit_comment},
};
use tocsin_queue::JobError;

use super::reply::{COMMENTED, Comments, IncidentReply};
use crate::{
    failure::of_api,
    notice::Notice,
    request::{InboundRequest, RequestOutcome, WorkResult},
    rich_text::message::ThreadReply,
    texts::notices as texts,
    thread::{self, Thread},
};

/// Gives the comment the text that the message has now. An edit whose message has not been heard of brings it; one that comes late changes
/// nothing.
pub(super) async fn edit(comments: &Comments, reply: &IncidentReply<'_>, revision: &str) -> WorkResult {
    comments
        .memory
        .fill(&reply.item.installation, &reply.place)
        .await
        .map_err(JobError::retry)?;
    match change(comments, reply, revision).await? {
        Ok(()) => return Ok(RequestOutcome::Done("edited")),
        Err(code) if code == "NOT_FOUND" => {}
        Err(code) => return refused(reply, code).await,
    }
    let outcome = reply.add(comments).await?;
    if outcome != COMMENTED {
        return Ok(outcome);
    }
    // The same text again, for its revision: an edit before this one may still come.
    match change(comments, reply, revision).await? {
        Ok(()) => Ok(outcome),
        Err(code) => refused(reply, code).await,
    }
}

async fn refused(reply: &IncidentReply<'_>, code: String) -> WorkResult {
    let message = texts::WHY_EDIT_REFUSED.to_owned();
    reply.tell(&Notice::Refused { code, message }).await
}

/// Edits the comment; the code of a refusal.
async fn change(
    comments: &Comments,
    reply: &IncidentReply<'_>,
    revision: &str,
) -> Result<Result<(), String>, JobError> {
    let who = As::bridge(reply.thread.organization, reply.item.request_id.as_deref());
    let input = edit_comment::EditCommentInput {
        id: None,
        external_ref: Some(reply.thread.external_ref(&reply.place)),
        body_markdown: reply.body.clone(),
        revision: Some(revision.to_owned()),
        // By its revision it can be repeated; a key would bind it to a text whose names are not known yet.
        idempotency_key: None,
    };
    let answer = comments
        .acting
        .api
        .execute::<EditComment>(who, edit_comment::Variables { input })
        .await
        .map_err(of_api)?;
    let error = answer.edit_comment.user_errors.into_iter().next();
    Ok(error.map_or(Ok(()), |error| Err(error.code)))
}

/// Retracts the comment. What has not been heard of yet will be known to be gone.
pub(super) async fn delete(
    comments: &Comments,
    item: &InboundRequest,
    thread: &Thread,
    place: &ThreadReply,
) -> WorkResult {
    comments
        .memory
        .bury(&item.installation, place)
        .await
        .map_err(JobError::retry)?;
    retract(comments, item, thread, place).await
}

/// Retracts the comment of a message of which nothing is left, until it says something again.
pub(super) async fn empty(
    comments: &Comments,
    item: &InboundRequest,
    thread: &Thread,
    place: &ThreadReply,
) -> WorkResult {
    comments
        .memory
        .empty(&item.installation, place)
        .await
        .map_err(JobError::retry)?;
    retract(comments, item, thread, place).await
}

pub(super) async fn retract(
    comments: &Comments,
    item: &InboundRequest,
    thread: &Thread,
    place: &ThreadReply,
) -> WorkResult {
    let request_id = item.request_id.as_deref();
    thread::retract(&comments.acting.api, thread, place, request_id).await
}
