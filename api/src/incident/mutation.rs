//! The mutations of incidents: input and viewer in, one command, payload out.

use std::sync::Arc;

use async_graphql::{Context, ID, MaybeUndefined, Object, Result, SimpleObject};
use tocsin_entity::id::OrganizationId;

use super::{
    apply::{Applied, Order},
    command::{Change, Command, Telling},
    error::IncidentError,
    graphql::Incident,
    input::{
        AcknowledgeIncidentInput, AddCommentInput, EditCommentInput, ReassignIncidentInput,
        ReopenIncidentInput, ResolveIncidentInput, RetractCommentInput, SetSlackSyncInput,
        SnoozeIncidentInput, TriggerIncidentInput, UpdateIncidentInput, assignees, incident_id,
    },
    muted::was_muted,
};
use crate::{
    connector,
    error::{Trouble, UserError, UserErrorCode, told},
    idempotency::{self, KeyUse},
    limits,
    node::domain,
    slack::takes_unmatched,
    timeline::TimelineEntry,
    viewer::{Need, Viewer},
};

/// What came of a change of an incident.
#[derive(SimpleObject)]
pub(crate) struct IncidentPayload {
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

impl From<IncidentError> for Trouble {
    fn from(error: IncidentError) -> Self {
        match UserError::try_from(error) {
            Ok(error) => error.into(),
            Err(fault) => fault.into(),
        }
    }
}

fn payload(result: Result<Applied, Trouble>) -> Result<IncidentPayload> {
    let (applied, user_errors) = told(result)?;
    Ok(IncidentPayload {
        incident: applied.map(|applied| Incident(Arc::new(applied.incident))),
        user_errors,
    })
}

/// Hands a command of the viewer's to the writer.
async fn give(
    ctx: &Context<'_>,
    need: Need,
    idempotency: Option<KeyUse>,
    command: Command,
) -> Result<Applied, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let actor = viewer.actor(viewer.may_change(need)?);
    Ok(domain(ctx)
        .lane()
        .apply(Order {
            actor,
            command,
            idempotency,
        })
        .await?)
}

/// Checks the right before the input, so that a caller without it learns nothing else.
fn check(ctx: &Context<'_>, need: Need) -> Result<(), Trouble> {
    ctx.data_unchecked::<Viewer>().may_change(need).map(|_| ())
}

async fn trigger(ctx: &Context<'_>, input: TriggerIncidentInput) -> Result<Applied, Trouble> {
    check(ctx, Need::Trigger)?;
    let key = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    give(ctx, Need::Trigger, key, input.command()?).await
}

/// A change of one incident, by whoever may work incidents.
async fn change(
    ctx: &Context<'_>,
    id: &ID,
    idempotency_key: Option<&String>,
    change: impl FnOnce() -> Result<Change, UserError>,
) -> Result<Applied, Trouble> {
    check(ctx, Need::Respond)?;
    let key = idempotency::key_use(ctx, idempotency_key)?;
    give(
        ctx,
        Need::Respond,
        key,
        Command::Change(incident_id("id", id)?, change()?),
    )
    .await
}

async fn comment(ctx: &Context<'_>, input: AddCommentInput) -> Result<Applied, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let from_slack = input.external_ref.is_some()
        || input.slack_author.is_some()
        || input.said_at.is_some()
        || input.connector_id.is_some();
    if from_slack {
        viewer.may_change(Need::Report)?;
    }
    let slack_name = input
        .slack_author
        .as_ref()
        .map(|author| limits::name("slackAuthor", &author.name))
        .transpose()?;
    let organization_id = match (&slack_name, viewer.member()) {
        (Some(_), None) => viewer.may(Need::Read)?,
        (Some(_), Some(_)) => {
            return Err(UserError::invalid(
                "slackAuthor",
                "A comment has one author: a member or a person in Slack.",
            )
            .into());
        }
        (None, _) => viewer.may_change(Need::Respond)?,
    };
    let key = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    let incident_id = incident_id("incidentId", &input.incident_id)?;
    if let Some(said_at) = input.said_at
        && was_muted(domain(ctx).database(), organization_id, incident_id, said_at).await?
    {
        return Err(UserError::try_from(IncidentError::SyncMuted)?.into());
    }
    if let Some(id) = &input.connector_id
        && !connector::is_synced(ctx, organization_id, id).await?
    {
        return Err(UserError::new(
            UserErrorCode::SyncOff,
            "Two-way sync is off for this channel: what is said there stays there.",
        )
        .into());
    }
    if slack_name.is_some() {
        takes_unmatched(domain(ctx), organization_id).await?;
    }
    let mut actor = viewer.actor(organization_id);
    actor.slack_name = slack_name;
    let command = Command::Change(incident_id, input.change()?);
    Ok(domain(ctx)
        .lane()
        .apply(Order {
            actor,
            command,
            idempotency: key,
        })
        .await?)
}

/// Who may revise comments, and in whose organisation: members and keys that may comment, and the bridge by itself for what was
/// done in Slack.
fn may_revise(
    viewer: &Viewer,
    external_ref: Option<&String>,
    revision: Option<&String>,
) -> Result<OrganizationId, Trouble> {
    if external_ref.is_some() || revision.is_some() {
        viewer.may_change(Need::Report)?;
    }
    if external_ref.is_some() && viewer.member().is_none() {
        return Ok(viewer.may(Need::Read)?);
    }
    viewer.may_change(Need::Respond)
}

/// Hands a revision of a comment to the writer.
async fn revise(
    ctx: &Context<'_>,
    organization_id: OrganizationId,
    command: Command,
    idempotency: Option<KeyUse>,
) -> Result<Applied, Trouble> {
    let order = Order {
        actor: ctx.data_unchecked::<Viewer>().actor(organization_id),
        command,
        idempotency,
    };
    Ok(domain(ctx).lane().apply(order).await?)
}

async fn edit(ctx: &Context<'_>, input: EditCommentInput) -> Result<Applied, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = may_revise(viewer, input.external_ref.as_ref(), input.revision.as_ref())?;
    let key = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    revise(ctx, organization_id, input.command()?, key).await
}

async fn retract(ctx: &Context<'_>, input: RetractCommentInput) -> Result<Applied, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = may_revise(viewer, input.external_ref.as_ref(), None)?;
    let key = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    // A key of the organisation itself has no role: its scopes decide.
    let of_others = viewer.may(Need::Moderate).is_ok();
    revise(ctx, organization_id, input.command(of_others)?, key).await
}

fn comment_payload(result: Result<Applied, Trouble>) -> Result<CommentPayload> {
    let (applied, user_errors) = told(result)?;
    let (entry, incident) = applied.map_or((None, None), |applied| {
        (
            applied.entry.map(|entry| TimelineEntry(Arc::new(entry))),
            Some(Incident(Arc::new(applied.incident))),
        )
    });
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
    async fn trigger_incident(
        &self,
        ctx: &Context<'_>,
        input: TriggerIncidentInput,
    ) -> Result<IncidentPayload> {
        payload(trigger(ctx, input).await)
    }

    /// Shows who has the incident. Acknowledging it again changes nothing; a resolved one is refused.
    async fn acknowledge_incident(
        &self,
        ctx: &Context<'_>,
        input: AcknowledgeIncidentInput,
    ) -> Result<IncidentPayload> {
        let key = input.idempotency_key.as_ref();
        payload(change(ctx, &input.id, key, || Ok(Change::Acknowledge)).await)
    }

    /// Ends the incident. Resolving it again changes nothing.
    async fn resolve_incident(
        &self,
        ctx: &Context<'_>,
        input: ResolveIncidentInput,
    ) -> Result<IncidentPayload> {
        let key = input.idempotency_key.as_ref();
        let wanted = || {
            Ok(Change::Resolve {
                note: limits::note("noteMarkdown", input.note_markdown.clone())?,
            })
        };
        payload(change(ctx, &input.id, key, wanted).await)
    }

    /// Opens a resolved incident again. An open one stays as it is.
    async fn reopen_incident(
        &self,
        ctx: &Context<'_>,
        input: ReopenIncidentInput,
    ) -> Result<IncidentPayload> {
        let key = input.idempotency_key.as_ref();
        let wanted = || {
            Ok(Change::Reopen {
                reason: limits::note("reasonMarkdown", input.reason_markdown.clone())?,
            })
        };
        payload(change(ctx, &input.id, key, wanted).await)
    }

    /// Lets an incident rest until a set time; then it is triggered again. A resolved one is refused.
    async fn snooze_incident(
        &self,
        ctx: &Context<'_>,
        input: SnoozeIncidentInput,
    ) -> Result<IncidentPayload> {
        let key = input.idempotency_key.as_ref();
        let wanted = || {
            Ok(Change::Snooze {
                until: limits::time(input.until),
            })
        };
        payload(change(ctx, &input.id, key, wanted).await)
    }

    /// Gives an incident to others.
    async fn reassign_incident(
        &self,
        ctx: &Context<'_>,
        input: ReassignIncidentInput,
    ) -> Result<IncidentPayload> {
        let key = input.idempotency_key.as_ref();
        let wanted = || {
            Ok(Change::Reassign {
                assignees: assignees(&input.assignee_ids)?,
            })
        };
        payload(change(ctx, &input.id, key, wanted).await)
    }

    /// Describes an incident otherwise.
    async fn update_incident(
        &self,
        ctx: &Context<'_>,
        input: UpdateIncidentInput,
    ) -> Result<IncidentPayload> {
        let (id, idempotency_key) = (input.id.clone(), input.idempotency_key.clone());
        let wanted = || input.change();
        payload(change(ctx, &id, idempotency_key.as_ref(), wanted).await)
    }

    /// Says something on the incident's timeline, and in its threads in Slack.
    async fn add_comment(&self, ctx: &Context<'_>, input: AddCommentInput) -> Result<CommentPayload> {
        comment_payload(comment(ctx, input).await)
    }

    /// Gives a comment another text, and keeps the one before. For who made it; one that was made in Slack is edited there.
    async fn edit_comment(&self, ctx: &Context<'_>, input: EditCommentInput) -> Result<CommentPayload> {
        comment_payload(edit(ctx, input).await)
    }

    /// Takes a comment back: what it said is gone. For who made it, and for an `ADMIN`. Retracting it again changes nothing.
    async fn retract_comment(&self, ctx: &Context<'_>, input: RetractCommentInput) -> Result<CommentPayload> {
        comment_payload(retract(ctx, input).await)
    }

    /// Mutes and unmutes the sync of an incident's timeline with its threads in Slack, and says how changes are told there.
    async fn set_slack_sync(&self, ctx: &Context<'_>, input: SetSlackSyncInput) -> Result<IncidentPayload> {
        let key = input.idempotency_key.as_ref();
        let wanted = || {
            Ok(Change::SlackSync {
                muted: input.muted,
                telling: match input.reply_mode {
                    MaybeUndefined::Undefined => Telling::AsBefore,
                    MaybeUndefined::Null => Telling::AsConnectorsSay,
                    MaybeUndefined::Value(mode) => Telling::So(mode),
                },
            })
        };
        payload(change(ctx, &input.id, key, wanted).await)
    }
}
