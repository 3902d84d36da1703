//! A dialog is opened.
//!
//! What opens it is good for 3 s: an empty one is shown at once, and filled when the incident has been read. What stands in the way is
//! said in its place.

use futures::FutureExt;
use serde_json::Value;
use tocsin_client::{As, Incident};
use tocsin_entity::kinds::{IncidentStatus, Role};
use tocsin_queue::JobError;
use tocsin_slack::{envelope::RequestKind, error::SlackError, view::View};

use super::{
    Actions, Prompt, age,
    dialog::{self, ActionDialogMetadata, Dialog, DialogContext, DialogData},
    incident_action::{IncidentAction, TriggerEffect},
    press::ButtonPress,
    target,
    tell::{NoticePlace, tell},
};
use crate::{
    acting::{self, asker},
    failure::of_api,
    installation::AppInstallation,
    notice::Notice,
    request::{InteractiveOutcome, InteractiveRequest, SlackAnswer},
};

/// `block_actions`, for what asks more before anything is done.
pub(crate) const OPEN: Prompt = Prompt {
    kind: RequestKind::Interaction,
    name: "block_actions",
    wanted: |actions, payload| wanted(actions.all, payload).is_some(),
    answer: |actions, interaction| open(actions, interaction).boxed(),
    otherwise: |_, _| SlackAnswer::Empty,
};

fn wanted(
    actions: &'static [&'static IncidentAction],
    payload: &Value,
) -> Option<(ButtonPress, &'static Dialog)> {
    let press = ButtonPress::of(actions, payload)?;
    match press.asks {
        TriggerEffect::Dialog => {
            let dialog = press.action.dialog?;
            Some((press, dialog))
        }
        TriggerEffect::Now(..) => None,
    }
}

async fn open(actions: &Actions, interaction: &InteractiveRequest) -> Result<InteractiveOutcome, JobError> {
    let Some((press, dialog)) = wanted(actions.all, &interaction.payload) else {
        return Ok(InteractiveOutcome::Done("ignored", SlackAnswer::Empty));
    };
    let trigger = press.trigger.as_deref().unwrap_or_default();
    let workspace = interaction.installation.workspace();
    // What opens it is good for 3 s; the menu is not waited for.
    let loading = dialog::loading(dialog);
    let (opened, ()) = tokio::join!(
        workspace.slack.open_view(trigger, &loading),
        actions
            .menu
            .used(&interaction.installation, &press, Some(&interaction.request_id)),
    );
    let opened = match opened {
        Ok(opened) => opened,
        Err(error) => return not_opened(actions, &interaction.installation, &press, error).await,
    };
    let (view, outcome) = match filled(actions, interaction, &press, dialog).await {
        Ok(Ok(view)) => (view, "opened"),
        Ok(Err(notice)) => (dialog::refusal(press.action, dialog, &notice), notice.outcome()),
        Err(error) => {
            let (JobError::Retry(cause) | JobError::RetryAfter(_, cause) | JobError::Fail(cause)) = error;
            tracing::warn!(
                request.id = interaction.request_id,
                "a dialog can't be filled: {cause}"
            );
            let notice = Notice::Unavailable;
            (dialog::refusal(press.action, dialog, &notice), notice.outcome())
        }
    };
    if let Err(error) = workspace.slack.update_view(&opened.id, None, &view).await {
        // Perhaps the person has closed it by now.
        tracing::warn!(slack.user = press.user, "a dialog was not filled: {error}");
    }
    Ok(InteractiveOutcome::Done(outcome, SlackAnswer::Empty))
}

/// What is said where there is no dialog to say it in.
async fn not_opened(
    actions: &Actions,
    installation: &AppInstallation,
    press: &ButtonPress,
    error: SlackError,
) -> Result<InteractiveOutcome, JobError> {
    // Slack's documentation has both names.
    if error.is("exchanged_trigger_id") || error.is("trigger_exchanged") {
        return Ok(InteractiveOutcome::Done("duplicate", SlackAnswer::Empty));
    }
    tracing::warn!(slack.user = press.user, "no dialog was opened: {error}");
    let notice = match error {
        SlackError::Broken { .. } => Notice::Disconnected,
        SlackError::Refused { .. }
        | SlackError::RateLimited { .. }
        | SlackError::NotSent { .. }
        | SlackError::Unknown { .. } => Notice::Unavailable,
    };
    let place = NoticePlace {
        trigger: None,
        ..NoticePlace::of(installation, press)
    };
    tell(&actions.acting, place, &notice, press.action.verb).await?;
    Ok(InteractiveOutcome::Done(notice.outcome(), SlackAnswer::Empty))
}

/// The dialog as it is to be filled in, or what stands in the way.
async fn filled(
    actions: &Actions,
    interaction: &InteractiveRequest,
    press: &ButtonPress,
    dialog: &Dialog,
) -> Result<Result<View, Notice>, JobError> {
    let request_id = Some(interaction.request_id.as_str());
    let person = match asker::person(&actions.acting, &interaction.installation, &press.user).await? {
        Ok(person) => person,
        Err(notice) => return Ok(Err(notice)),
    };
    let target = match target::find(actions, press, &person, request_id).await? {
        Ok(target) => target,
        Err(notice) => return Ok(Err(notice)),
    };
    if dialog.is_form() && age::is_old(press.message_ts.as_deref(), interaction.received_at) {
        return age::refuse(&actions.acting, &target, &person, request_id)
            .await
            .map(Err);
    }
    let member = match acting::member(&actions.acting, target.organization, &person, request_id).await? {
        Ok(member) if member.role == Role::Stakeholder && dialog.is_form() => {
            let help = acting::help(&actions.acting, target.organization, request_id).await?;
            return Ok(Err(Notice::ReadOnly { help }));
        }
        Ok(member) => member,
        Err(notice) => return Ok(Err(notice)),
    };
    let who = As {
        on_behalf_of: Some(member.id),
        ..As::bridge(target.organization, request_id)
    };
    let (mut entries, mut assignees) = (Vec::new(), Vec::new());
    let incident = if dialog.data == DialogData::Timeline {
        let found = actions
            .acting
            .api
            .find_mirrored(who, target.incident)
            .await
            .map_err(of_api)?;
        found.map(|found| {
            entries = found.entries;
            found.incident
        })
    } else {
        actions
            .acting
            .api
            .find_incident(who, target.incident)
            .await
            .map_err(of_api)?
    };
    let Some(incident) = incident else {
        return Ok(Err(Notice::NotFound));
    };
    if let Some(notice) = over(dialog, &incident) {
        return Ok(Err(notice));
    }
    if dialog.data == DialogData::Assignees {
        assignees = actions
            .acting
            .api
            .assignees(who, target.incident)
            .await
            .map_err(of_api)?;
    }
    let subject = DialogContext {
        incident: &incident,
        assignees: &assignees,
        entries: &entries,
    };
    let meta = ActionDialogMetadata {
        organization: target.organization,
        incident: target.incident,
        channel: press.channel.clone(),
        response_url: press.response_url.as_ref().map(ToString::to_string),
        is_ephemeral: press.is_ephemeral,
        urgency: None,
        severity: None,
    };
    Ok(Ok((dialog.view)(&subject, &meta, interaction.received_at)))
}

/// What can't be done to an incident that is over.
fn over(dialog: &Dialog, incident: &Incident) -> Option<Notice> {
    let is_over = dialog.is_for_open && incident.status == IncidentStatus::Resolved;
    is_over.then(|| Notice::AlreadyResolved {
        by: incident.resolved_by.clone(),
    })
}
