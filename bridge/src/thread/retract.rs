//! A message in a thread that is gone, and so is its comment.

use tocsin_client::{
    ApiClient, As,
    documents::{RetractComment, retract_comment},
};
use tocsin_queue::JobError;

use super::Thread;
use crate::{
    failure::of_api,
    request::{RequestOutcome, WorkResult},
    rich_text::message::ThreadReply,
};

/// Retracts the comment that a message is, if it is one.
pub(crate) async fn retract(
    api: &ApiClient,
    thread: &Thread,
    place: &ThreadReply,
    request_id: Option<&str>,
) -> WorkResult {
    let who = As::bridge(thread.organization, request_id);
    let input = retract_comment::RetractCommentInput {
        id: None,
        external_ref: Some(thread.external_ref(place)),
        idempotency_key: None,
    };
    let answer = api
        .execute::<RetractComment>(who, retract_comment::Variables { input })
        .await
        .map_err(of_api)?;
    match answer.retract_comment.user_errors.into_iter().next() {
        None => Ok(RequestOutcome::Done("retracted")),
        // It never was a comment, or is not one yet.
        Some(error) if error.code == "NOT_FOUND" => Ok(RequestOutcome::Done("deleted")),
        Some(error) => Err(JobError::fail(format!("{} ({})", error.message, error.code))),
    }
}
