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

/// What came of a change of an incident.
#[derive(SimpleObject)]
pub(crate) struct IncidentPayload {
    /// The entry of the timeline that tells of the change; none where it was refused, and where it was so already.
    entry: Option<TimelineEntry>,
    /// The incident as it is now; none where the change was refused.
    incident: Option<Incident>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// What came of a comment.
#[derive(SimpleObject)]
pub(crate) struct CommentPayload {
    /// The comment on the timeline; none where it was refused.
    entry: Option<TimelineEntry>,
    /// The incident as it is now.
    incident: Option<Incident>,
    /// Why nothing was changed.
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
    /// Triggers an incident. Needs the scope `INCIDENTS_TRIGGER` or `WRITE`.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn trigger_incident(
        &self,
        ctx: &Context<'_>,
        input: TriggerIncidentInput,
    ) -> Result<IncidentPayload> {
        payload(tocsin_domain::incident::trigger(&request(ctx), input.command(ctx)?).await)
    }

    /// Shows who has the incident. Acknowledging it again changes nothing; a resolved one is refused.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn acknowledge_incident(
        &self,
        ctx: &Context<'_>,
        input: AcknowledgeIncidentInput,
    ) -> Result<IncidentPayload> {
        payload(tocsin_domain::incident::acknowledge(&request(ctx), input.command(ctx)?).await)
    }

    /// Ends the incident. Resolving it again changes nothing.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn resolve_incident(
        &self,
        ctx: &Context<'_>,
        input: ResolveIncidentInput,
    ) -> Result<IncidentPayload> {
        payload(tocsin_domain::incident::resolve(&request(ctx), input.command(ctx)?).await)
    }

    /// Opens a resolved incident again, and wakes a snoozed one: either is triggered again. Another open incident stays as it is.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn reopen_incident(
        &self,
        ctx: &Context<'_>,
        input: ReopenIncidentInput,
    ) -> Result<IncidentPayload> {
        payload(tocsin_domain::incident::reopen(&request(ctx), input.command(ctx)?).await)
    }

    /// Lets an incident rest until a set time; then it is triggered again. A resolved one is refused.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn snooze_incident(
        &self,
        ctx: &Context<'_>,
        input: SnoozeIncidentInput,
    ) -> Result<IncidentPayload> {
        payload(tocsin_domain::incident::snooze(&request(ctx), input.command(ctx)?).await)
    }

    /// Ends the snooze of an incident now: the incident is triggered again. An incident that isn't snoozed stays as it is. A resolved incident is
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

    /// Gives an incident to others.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn reassign_incident(
        &self,
        ctx: &Context<'_>,
        input: ReassignIncidentInput,
    ) -> Result<IncidentPayload> {
        payload(tocsin_domain::incident::reassign(&request(ctx), input.command(ctx)?).await)
    }

    /// Describes an incident otherwise.
    ///
    /// Errors: `CONFLICT`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn update_incident(
        &self,
        ctx: &Context<'_>,
        input: UpdateIncidentInput,
    ) -> Result<IncidentPayload> {
        payload(tocsin_domain::incident::update(&request(ctx), input.command(ctx)?).await)
    }

    /// Says something on the incident's timeline, and in its threads in Slack.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `SYNC_MUTED`, `SYNC_OFF`, `UNMATCHED_REFUSED`.
    async fn add_comment(&self, ctx: &Context<'_>, input: AddCommentInput) -> Result<CommentPayload> {
        comment_payload(tocsin_domain::incident::comment(&request(ctx), input.command(ctx)?).await)
    }

    /// Gives a comment another text, and keeps the one before. For who made it; one that was made in Slack is edited there.
    ///
    /// Errors: `EDIT_IN_SLACK`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `RETRACTED`.
    async fn edit_comment(&self, ctx: &Context<'_>, input: EditCommentInput) -> Result<CommentPayload> {
        comment_payload(tocsin_domain::incident::edit(&request(ctx), input.command(ctx)?).await)
    }

    /// Takes a comment back: what it said is gone. For who made it, and for an `ADMIN`. Retracting it again changes nothing.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn retract_comment(&self, ctx: &Context<'_>, input: RetractCommentInput) -> Result<CommentPayload> {
        comment_payload(tocsin_domain::incident::retract(&request(ctx), input.command(ctx)?).await)
    }

    /// Mutes and unmutes the sync of an incident's timeline with its threads in Slack, and says how changes are told there.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn set_slack_sync(&self, ctx: &Context<'_>, input: SetSlackSyncInput) -> Result<IncidentPayload> {
        payload(tocsin_domain::incident::set_slack_sync(&request(ctx), input.command(ctx)?).await)
    }
}
