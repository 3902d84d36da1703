//! The dialog is submitted: checked in the answer, stored, and done after.

use futures::FutureExt;
use serde_json::{Value, json};
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_queue::JobError;
use tocsin_slack::envelope::RequestKind;

use super::{
    IncidentCreation, Prompt, Route, USAGE,
    form::{self, CreateDialogMetadata, FilledForm},
    message, origin, sorry,
    trigger::{self, CreatedIncident, Creator, NewIncidentRequest},
};
use crate::{
    acting::{self, ActionRefusal, asker},
    notice::{self, Notice},
    request::{
        InboundRequest, InteractiveOutcome, InteractiveRequest, RequestOutcome, SlackAnswer, WorkResult,
    },
    store::drafts,
    texts::create as texts,
};

/// `view_submission`, of the dialog for a new incident.
pub(crate) const SUBMIT: Prompt = Prompt {
    kind: RequestKind::Interaction,
    name: "view_submission",
    wanted: |_, payload| form::submitted(payload).is_some(),
    answer: |_, interaction| async move { Ok(check(interaction)) }.boxed(),
    otherwise: unavailable,
};

/// What was submitted, and is in order.
pub(crate) const SUBMITTED: Route = Route {
    kind: RequestKind::Interaction,
    name: "view_submission",
    wanted: |_, payload| form::submitted(payload).is_some(),
    work: |creation, item| submitted(creation, item).boxed(),
};

fn check(interaction: &InteractiveRequest) -> InteractiveOutcome {
    let Some(meta) = form::submitted(&interaction.payload) else {
        return InteractiveOutcome::Done("ignored", SlackAnswer::Empty);
    };
    match form::read(&interaction.payload, &meta) {
        Err(wrong) => InteractiveOutcome::Done("wrong", SlackAnswer::errors(wrong)),
        // Where there is no channel to say it in, the dialog says what came of it.
        Ok(_) if meta.channel.is_none() => InteractiveOutcome::Store(update(Mrkdwn::own(texts::CREATING))),
        Ok(_) => InteractiveOutcome::Store(SlackAnswer::Empty),
    }
}

fn update(text: Mrkdwn) -> SlackAnswer {
    let view = form::text_dialog("told", text);
    SlackAnswer::Json(json!({"response_action": "update", "view": view.json()}))
}

fn unavailable(_: &IncidentCreation, _: &Value) -> SlackAnswer {
    update(Mrkdwn::recorded(sorry(&Notice::Unavailable)))
}

async fn submitted(creation: &IncidentCreation, item: &InboundRequest) -> WorkResult {
    let payload = &item.payload;
    let (Some(meta), Some(user)) = (form::submitted(payload), payload["user"]["id"].as_str()) else {
        return Ok(RequestOutcome::NotOurs("ignored"));
    };
    let Ok(filled) = form::read(payload, &meta) else {
        return Ok(RequestOutcome::NotOurs("wrong"));
    };
    let (outcome, text) = match create(creation, item, user, &meta, filled).await? {
        Ok(created) => ("created", created.told().as_str().to_owned()),
        Err(refusal) => (refusal.outcome(), refusal.text(USAGE)),
    };
    tell(creation, item, user, &meta, &text).await?;
    Ok(RequestOutcome::Done(outcome))
}

async fn create(
    creation: &IncidentCreation,
    item: &InboundRequest,
    user: &str,
    meta: &CreateDialogMetadata,
    filled: FilledForm,
) -> Result<Result<CreatedIncident, ActionRefusal>, JobError> {
    let request_id = item.request_id.as_deref();
    let person = match asker::person(&creation.acting, &item.installation, user).await? {
        Ok(person) => person,
        Err(notice) => return Ok(Err(notice.into())),
    };
    let who = match filled.service {
        Some((organization, _)) => {
            match acting::member(&creation.acting, organization, &person, request_id).await? {
                Ok(member) => Creator { organization, member },
                Err(notice) => return Ok(Err(notice.into())),
            }
        }
        None => match acting::organizations_of(&creation.acting, &person, request_id).await? {
            Ok(mut theirs) => match (theirs.pop(), theirs.is_empty()) {
                (Some((organization, member)), true) => Creator { organization, member },
                (_, _) => return Ok(Err(Notice::AmbiguousOrganization.into())),
            },
            Err(notice) => return Ok(Err(notice.into())),
        },
    };
    let whole = match (meta.draft, &filled.typed) {
        (Some(id), Some(typed)) => {
            let opened_by = message::opened_by(&item.installation, user);
            let whole = drafts::whole(&creation.database, id, &opened_by, typed).await;
            whole.map_err(JobError::retry)?
        }
        (_, _) => None,
    };
    let draft = NewIncidentRequest {
        title: filled.title,
        description: whole.or(filled.description),
        service: filled.service.map(|(_, service)| service),
        urgency: filled.urgency,
        severity: filled.severity,
    };
    let origin = origin(
        &item.installation,
        who.organization,
        meta.channel.as_deref(),
        meta.thread_ts.as_deref(),
    );
    trigger::trigger(creation, item, &who, &draft, origin).await
}

async fn tell(
    creation: &IncidentCreation,
    item: &InboundRequest,
    user: &str,
    meta: &CreateDialogMetadata,
    text: &str,
) -> Result<(), JobError> {
    if meta.channel.is_some() {
        let (url, channel) = (meta.address(), meta.channel.as_deref());
        return notice::answer(
            &creation.acting.http,
            &item.installation,
            url.as_ref(),
            channel,
            user,
            text,
        )
        .await;
    }
    let view = form::text_dialog("told", Mrkdwn::recorded(text.to_owned()));
    let id = item.payload["view"]["id"].as_str().unwrap_or_default();
    if let Err(error) = item.installation.slack().update_view(id, None, &view).await {
        // The person has closed it.
        tracing::info!(
            slack.user = user,
            "a dialog does not tell what came of it: {error}"
        );
    }
    Ok(())
}
