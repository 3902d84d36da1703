//! Whom an incident may be given to, as a person types.

use futures::FutureExt;
use serde_json::Value;
use tocsin_client::As;
use tocsin_entity::kinds::Role;
use tocsin_queue::JobError;
use tocsin_slack::envelope::RequestKind;

use super::{
    Actions, Prompt,
    dialog::{ActionDialogMetadata, submitted},
    incident_action::IncidentAction,
    people,
};
use crate::{
    acting::{self, asker},
    failure::of_api,
    request::{InteractiveOutcome, InteractiveRequest, SlackAnswer},
};

/// `block_suggestion`, for the assignees of an incident.
pub(crate) const OPTIONS: Prompt = Prompt {
    kind: RequestKind::Interaction,
    name: "block_suggestion",
    wanted: |actions, payload| asked(actions.all, payload).is_some(),
    answer: |actions, interaction| options(actions, interaction).boxed(),
    otherwise: |_, _| SlackAnswer::no_options(),
};

/// About which incident members are asked for.
fn asked(actions: &[&'static IncidentAction], payload: &Value) -> Option<ActionDialogMetadata> {
    let (_, _, meta) = submitted(actions, payload)?;
    (payload["action_id"] == people::ASSIGNEES).then_some(meta)
}

async fn options(
    actions: &Actions,
    interaction: &InteractiveRequest,
) -> Result<InteractiveOutcome, JobError> {
    let payload = &interaction.payload;
    let none = || Ok(InteractiveOutcome::Done("refused", SlackAnswer::no_options()));
    let (Some(meta), Some(user)) = (asked(actions.all, payload), payload["user"]["id"].as_str()) else {
        return none();
    };
    let Ok(person) = asker::person(&actions.acting, &interaction.installation, user).await? else {
        return none();
    };
    let request_id = Some(interaction.request_id.as_str());
    let member = match acting::member(&actions.acting, meta.organization, &person, request_id).await? {
        Ok(member) if member.role != Role::Stakeholder => member,
        Ok(_) | Err(_) => return none(),
    };
    let who = As {
        on_behalf_of: Some(member.id),
        ..As::bridge(meta.organization, request_id)
    };
    let typed = payload["value"].as_str().unwrap_or_default();
    let found = actions.acting.api.responders(who, typed).await.map_err(of_api)?;
    Ok(InteractiveOutcome::Done(
        "options",
        SlackAnswer::Json(people::options(&found)),
    ))
}
