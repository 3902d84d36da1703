//! The mutations of incidents: input and viewer in, one command, payload out.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};
use tocsin_domain::{error::MutationError, incident::CommandOutcome};

use super::{
    input::{
        AcknowledgeIncidentInput, AddCommentInput, EditCommentInput, ReassignIncidentInput,
        ReopenIncidentInput, ResolveIncidentInput, RetractCommentInput, SetSlackSyncInput,
        SnoozeIncidentInput, TriggerIncidentInput, UnsnoozeIncidentInput, UpdateIncidentInput,
    },
    types::Incident,
};
use crate::graphql::{
    context::request,
    failure::{Result, UserError, into_payload},
    timeline::TimelineEntry,
};

/// The result of a change of an incident.
#[derive(SimpleObject)]
pub(crate) struct IncidentPayload {
    /// The timeline entry of the change; null if the change was refused or the incident was in this state already.
    entry: Option<TimelineEntry>,
    /// The incident after the change; null if the change was refused.
    incident: Option<Incident>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The result of a change of a comment.
#[derive(SimpleObject)]
pub(crate) struct CommentPayload {
    /// The timeline entry of the comment; null if the change was refused.
    entry: Option<TimelineEntry>,
    /// The incident after the change; null if the change was refused.
    incident: Option<Incident>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// What a change came to, as payloads show it: its entry, the incident, and why nothing was changed.
type Parts = (Option<TimelineEntry>, Option<Incident>, Vec<UserError>);

fn parts(result: Result<CommandOutcome, MutationError>) -> Result<Parts> {
    let (applied, user_errors) = into_payload(result)?;
    let (entry, incident) = applied.map_or((None, None), |applied| {
        (
            applied.entry.map(|entry| TimelineEntry(Arc::new(entry))),
            Some(Incident(Arc::new(applied.incident))),
        )
    });
    Ok((entry, incident, user_errors))
}

fn payload(result: Result<CommandOutcome, MutationError>) -> Result<IncidentPayload> {
    let (entry, incident, user_errors) = parts(result)?;
    Ok(IncidentPayload {
        entry,
        incident,
        user_errors,
    })
}

fn comment_payload(result: Result<CommandOutcome, MutationError>) -> Result<CommentPayload> {
    let (entry, incident, user_errors) = parts(result)?;
    Ok(CommentPayload {
        entry,
        incident,
        user_errors,
    })
}

/// The mutations of incidents.
#[derive(Default)]
pub(crate) struct IncidentMutation;

#[Object]
impl IncidentMutation {
    /// Triggers a new incident. Needs the scope `INCIDENTS_TRIGGER` or `WRITE`.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn trigger_incident(
        &self,
        ctx: &Context<'_>,
        input: TriggerIncidentInput,
    ) -> Result<IncidentPayload> {
        payload(tocsin_domain::incident::trigger(&request(ctx), input.command(ctx)?).await)
    }

    /// Acknowledges an incident: shows everybody who is working on the incident. Acknowledging an incident again changes nothing. A resolved incident
    /// is refused.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn acknowledge_incident(
        &self,
        ctx: &Context<'_>,
        input: AcknowledgeIncidentInput,
    ) -> Result<IncidentPayload> {
        payload(tocsin_domain::incident::acknowledge(&request(ctx), input.command(ctx)?).await)
    }

    /// Resolves an incident. Resolving an incident again changes nothing.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn resolve_incident(
        &self,
        ctx: &Context<'_>,
        input: ResolveIncidentInput,
    ) -> Result<IncidentPayload> {
        payload(tocsin_domain::incident::resolve(&request(ctx), input.command(ctx)?).await)
    }

    /// Reopens a resolved incident and ends the snooze of a snoozed incident: either incident is triggered again. Any other open incident stays the
    /// same.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn reopen_incident(
        &self,
        ctx: &Context<'_>,
        input: ReopenIncidentInput,
    ) -> Result<IncidentPayload> {
        payload(tocsin_domain::incident::reopen(&request(ctx), input.command(ctx)?).await)
    }

    /// Snoozes an incident until a set time; then the incident is triggered again. A resolved incident is refused.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn snooze_incident(
        &self,
        ctx: &Context<'_>,
        input: SnoozeIncidentInput,
    ) -> Result<IncidentPayload> {
        payload(tocsin_domain::incident::snooze(&request(ctx), input.command(ctx)?).await)
    }

    /// Ends the snooze of an incident now: the incident is triggered again. An incident that isn't snoozed stays the same. A resolved incident is
    /// refused.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn unsnooze_incident(
        &self,
        ctx: &Context<'_>,
        input: UnsnoozeIncidentInput,
    ) -> Result<IncidentPayload> {
        payload(tocsin_domain::incident::unsnooze(&request(ctx), input.command(ctx)?).await)
    }

    /// Replaces the assignees of an incident.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn reassign_incident(
        &self,
        ctx: &Context<'_>,
        input: ReassignIncidentInput,
    ) -> Result<IncidentPayload> {
        payload(tocsin_domain::incident::reassign(&request(ctx), input.command(ctx)?).await)
    }

    /// Changes the title, description, urgency, severity, tags or service of an incident.
    ///
    /// Errors: `CONFLICT`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn update_incident(
        &self,
        ctx: &Context<'_>,
        input: UpdateIncidentInput,
    ) -> Result<IncidentPayload> {
        payload(tocsin_domain::incident::update(&request(ctx), input.command(ctx)?).await)
    }

    /// Adds a comment to an incident's timeline and posts the comment to the incident's threads in Slack.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `SYNC_MUTED`, `SYNC_OFF`, `UNMATCHED_REFUSED`.
    async fn add_comment(&self, ctx: &Context<'_>, input: AddCommentInput) -> Result<CommentPayload> {
        comment_payload(tocsin_domain::incident::comment(&request(ctx), input.command(ctx)?).await)
    }

    /// Replaces the text of a comment and keeps the previous text as a revision. Only the author can edit a comment; edit a comment from Slack in
    /// Slack.
    ///
    /// Errors: `EDIT_IN_SLACK`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `RETRACTED`.
    async fn edit_comment(&self, ctx: &Context<'_>, input: EditCommentInput) -> Result<CommentPayload> {
        comment_payload(tocsin_domain::incident::edit(&request(ctx), input.command(ctx)?).await)
    }

    /// Retracts a comment: the text is deleted. Only the author and the roles `ADMIN` and `OWNER` can retract a comment. Retracting a comment again
    /// changes nothing.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn retract_comment(&self, ctx: &Context<'_>, input: RetractCommentInput) -> Result<CommentPayload> {
        comment_payload(tocsin_domain::incident::retract(&request(ctx), input.command(ctx)?).await)
    }

    /// Mutes or unmutes the sync of an incident's timeline with the incident's threads in Slack, and sets where Slack shows changes.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn set_slack_sync(&self, ctx: &Context<'_>, input: SetSlackSyncInput) -> Result<IncidentPayload> {
        payload(tocsin_domain::incident::set_slack_sync(&request(ctx), input.command(ctx)?).await)
    }
}
