//! What viewers ask of incidents: the right first, then the input, then one command for the writer.

use tocsin_entity::id::OrganizationId;

use super::{
    apply::{CommandOutcome, CommandRequest},
    command::{ChangeCommand, IncidentCommand, ReplyModeChoice},
    error::IncidentError,
    input::{
        AcknowledgeIncident, AddComment, EditComment, ReassignIncident, ReopenIncident, ResolveIncident,
        RetractComment, SetSlackSync, SnoozeIncident, TriggerIncident, UnsnoozeIncident, UpdateIncident,
        assignees, incident_id,
    },
    muted::was_muted,
};
use crate::{
    connector,
    error::{MutationError, UserError, UserErrorCode, UserErrors},
    idempotency::{self, KeyUse, RequestKey},
    limits,
    patch::Patch,
    request::Request,
    viewer::{Permission, Viewer},
    workspace::settings::takes_unmatched,
};

impl From<IncidentError> for MutationError {
    fn from(error: IncidentError) -> Self {
        match UserErrors::try_from(error) {
            Ok(errors) => errors.into(),
            Err(fault) => fault.into(),
        }
    }
}

/// Hands a command of the viewer's to the writer.
pub(super) async fn give(
    request: &Request<'_>,
    need: Permission,
    idempotency: Option<KeyUse>,
    command: IncidentCommand,
) -> Result<CommandOutcome, MutationError> {
    let viewer = request.viewer;
    let actor = viewer.actor(viewer.may_change(need)?);
    Ok(request
        .domain
        .incident_writer()
        .apply(CommandRequest {
            actor,
            command,
            idempotency,
        })
        .await?)
}

/// Checks the right before the input, so that a caller without it learns nothing else.
pub(super) fn check(request: &Request<'_>, need: Permission) -> Result<(), MutationError> {
    request.viewer.may_change(need).map(|_| ())
}

/// Triggers an incident.
pub async fn trigger(request: &Request<'_>, input: TriggerIncident) -> Result<CommandOutcome, MutationError> {
    check(request, Permission::Trigger)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    give(request, Permission::Trigger, key, input.command()?).await
}

/// A change of one incident, by whoever may work incidents.
async fn change(
    request: &Request<'_>,
    id: &str,
    idempotency_key: Option<&RequestKey>,
    change: impl FnOnce() -> Result<ChangeCommand, UserErrors>,
) -> Result<CommandOutcome, MutationError> {
    check(request, Permission::Respond)?;
    let key = idempotency::key_use(request, idempotency_key)?;
    give(
        request,
        Permission::Respond,
        key,
        IncidentCommand::Change(incident_id("id", id)?, change()?),
    )
    .await
}

/// Shows who has the incident.
pub async fn acknowledge(
    request: &Request<'_>,
    input: AcknowledgeIncident,
) -> Result<CommandOutcome, MutationError> {
    let key = input.idempotency_key.as_ref();
    change(request, &input.id, key, || Ok(ChangeCommand::Acknowledge)).await
}

/// Ends the incident.
pub async fn resolve(request: &Request<'_>, input: ResolveIncident) -> Result<CommandOutcome, MutationError> {
    let key = input.idempotency_key.as_ref();
    let wanted = || {
        Ok(ChangeCommand::Resolve {
            note: limits::note("noteMarkdown", input.note_markdown.clone())?,
        })
    };
    change(request, &input.id, key, wanted).await
}

/// Opens a resolved incident again.
pub async fn reopen(request: &Request<'_>, input: ReopenIncident) -> Result<CommandOutcome, MutationError> {
    let key = input.idempotency_key.as_ref();
    let wanted = || {
        Ok(ChangeCommand::Reopen {
            reason: limits::note("reasonMarkdown", input.reason_markdown.clone())?,
        })
    };
    change(request, &input.id, key, wanted).await
}

/// Lets an incident rest until a set time.
pub async fn snooze(request: &Request<'_>, input: SnoozeIncident) -> Result<CommandOutcome, MutationError> {
    let key = input.idempotency_key.as_ref();
    let wanted = || {
        Ok(ChangeCommand::Snooze {
            until: limits::time(input.until),
        })
    };
    change(request, &input.id, key, wanted).await
}

/// Ends the rest of an incident before its time.
pub async fn unsnooze(
    request: &Request<'_>,
    input: UnsnoozeIncident,
) -> Result<CommandOutcome, MutationError> {
    let key = input.idempotency_key.as_ref();
    change(request, &input.id, key, || Ok(ChangeCommand::Unsnooze)).await
}

/// Gives an incident to others.
pub async fn reassign(
    request: &Request<'_>,
    input: ReassignIncident,
) -> Result<CommandOutcome, MutationError> {
    let key = input.idempotency_key.as_ref();
    let wanted = || {
        Ok(ChangeCommand::Reassign {
            assignees: assignees(&input.assignee_ids)?,
        })
    };
    change(request, &input.id, key, wanted).await
}

/// Describes an incident otherwise.
pub async fn update(request: &Request<'_>, input: UpdateIncident) -> Result<CommandOutcome, MutationError> {
    let (id, key) = (input.id.clone(), input.idempotency_key.clone());
    let input = if request.viewer.is_bridge() {
        input.without_nulls()
    } else {
        input
    };
    change(request, &id, key.as_ref(), || input.change()).await
}

/// Mutes and unmutes the sync with Slack, and says how changes are told there.
pub async fn set_slack_sync(
    request: &Request<'_>,
    input: SetSlackSync,
) -> Result<CommandOutcome, MutationError> {
    let key = input.idempotency_key.as_ref();
    let wanted = || {
        Ok(ChangeCommand::SlackSync {
            muted: input.muted.needed("muted")?,
            telling: match input.reply_mode {
                Patch::Keep => ReplyModeChoice::AsBefore,
                // A bridge of the version before says null of what it leaves out.
                Patch::Clear if request.viewer.is_bridge() => ReplyModeChoice::AsBefore,
                Patch::Clear => ReplyModeChoice::AsConnectorsSay,
                Patch::Set(mode) => ReplyModeChoice::So(mode),
            },
        })
    };
    change(request, &input.id, key, wanted).await
}

/// Says something on an incident's timeline.
pub async fn comment(request: &Request<'_>, input: AddComment) -> Result<CommandOutcome, MutationError> {
    let viewer = request.viewer;
    let from_slack = input.external_ref.is_some()
        || input.slack_author.is_some()
        || input.said_at.is_some()
        || input.connector_id.is_some();
    if from_slack {
        viewer.may_change(Permission::Report)?;
    }
    let slack_name = input
        .slack_author
        .as_ref()
        .map(|name| limits::name("slackAuthor", name))
        .transpose()?;
    let organization_id = match (&slack_name, viewer.member()) {
        (Some(_), None) => viewer.may(Permission::Read)?,
        (Some(_), Some(_)) => {
            return Err(UserError::invalid(
                "slackAuthor",
                "A comment has one author: a member or a person in Slack.",
            )
            .into());
        }
        (None, _) => viewer.may_change(Permission::Respond)?,
    };
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let incident_id = incident_id("incidentId", &input.incident_id)?;
    if let Some(said_at) = input.said_at
        && was_muted(request.domain.database(), organization_id, incident_id, said_at).await?
    {
        return Err(IncidentError::SyncMuted.into());
    }
    if let Some(id) = &input.connector_id
        && !connector::is_synced(request, organization_id, id).await?
    {
        return Err(UserError::new(
            UserErrorCode::SyncOff,
            "Two-way sync is off for this channel: what is said there stays there.",
        )
        .into());
    }
    if slack_name.is_some() {
        takes_unmatched(request.domain, organization_id).await?;
    }
    let mut actor = viewer.actor(organization_id);
    actor.slack_name = slack_name;
    let command = IncidentCommand::Change(incident_id, input.change()?);
    Ok(request
        .domain
        .incident_writer()
        .apply(CommandRequest {
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
) -> Result<OrganizationId, MutationError> {
    if external_ref.is_some() || revision.is_some() {
        viewer.may_change(Permission::Report)?;
    }
    if external_ref.is_some() && viewer.member().is_none() {
        return Ok(viewer.may(Permission::Read)?);
    }
    viewer.may_change(Permission::Respond)
}

/// Hands a revision of a comment to the writer.
async fn revise(
    request: &Request<'_>,
    organization_id: OrganizationId,
    command: IncidentCommand,
    idempotency: Option<KeyUse>,
) -> Result<CommandOutcome, MutationError> {
    let order = CommandRequest {
        actor: request.viewer.actor(organization_id),
        command,
        idempotency,
    };
    Ok(request.domain.incident_writer().apply(order).await?)
}

/// Gives a comment another text.
pub async fn edit(request: &Request<'_>, input: EditComment) -> Result<CommandOutcome, MutationError> {
    let viewer = request.viewer;
    let organization_id = may_revise(viewer, input.external_ref.as_ref(), input.revision.as_ref())?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    revise(request, organization_id, input.command()?, key).await
}

/// Takes a comment back.
pub async fn retract(request: &Request<'_>, input: RetractComment) -> Result<CommandOutcome, MutationError> {
    let viewer = request.viewer;
    let organization_id = may_revise(viewer, input.external_ref.as_ref(), None)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    // A key of the organisation itself has no role: its scopes decide.
    let of_others = viewer.may(Permission::Moderate).is_ok();
    revise(request, organization_id, input.command(of_others)?, key).await
}
