//! A dialog is submitted: checked in the answer, stored, and done after.

use futures::FutureExt;
use serde_json::{Value, json};
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_slack::envelope::RequestKind;
use url::Url;

use super::{
    Actions, Prompt, Route, dialog,
    incident_action::IncidentAction,
    tell::{NoticePlace, tell},
};
use crate::{
    acting::{self, ActionOutcome, ActionRequest, asker},
    notice::{self, Notice},
    request::{
        InboundRequest, InteractiveOutcome, InteractiveRequest, RequestOutcome, SlackAnswer, WorkResult,
    },
    texts::actions as texts,
};

/// `view_submission`, for the dialogs about an incident.
pub(crate) const SUBMIT: Prompt = Prompt {
    kind: RequestKind::Interaction,
    name: "view_submission",
    wanted: |actions, payload| dialog::submitted(actions.all, payload).is_some(),
    answer: |actions, interaction| async move { Ok(check(actions.all, interaction)) }.boxed(),
    otherwise: unavailable,
};

/// What was submitted, and is in order.
pub(crate) const SUBMITTED: Route = Route {
    kind: RequestKind::Interaction,
    name: "view_submission",
    wanted: |actions, payload| dialog::submitted(actions.all, payload).is_some(),
    work: |actions, item| submitted(actions, item).boxed(),
};

fn check(actions: &[&'static IncidentAction], interaction: &InteractiveRequest) -> InteractiveOutcome {
    let Some((_, dialog, meta)) = dialog::submitted(actions, &interaction.payload) else {
        return InteractiveOutcome::Done("ignored", SlackAnswer::Empty);
    };
    match dialog.read(&meta, &interaction.payload, interaction.received_at) {
        Ok(_) => InteractiveOutcome::Store(SlackAnswer::Empty),
        Err(wrong) => {
            let wrong = wrong
                .into_iter()
                .map(|(block_id, text)| (block_id.to_owned(), text.to_owned()));
            InteractiveOutcome::Done("wrong", SlackAnswer::errors(wrong))
        }
    }
}

fn unavailable(actions: &Actions, payload: &Value) -> SlackAnswer {
    dialog::submitted(actions.all, payload).map_or(SlackAnswer::Empty, |(action, dialog, _)| {
        let view = dialog::refusal(action, dialog, &Notice::Unavailable);
        SlackAnswer::Json(json!({"response_action": "update", "view": view.json()}))
    })
}

/// What is said where the message from which the dialog was opened does not show that it is done.
fn confirmation(begin: &'static str, outcome: &ActionOutcome) -> Mrkdwn {
    if outcome.is_changed {
        texts::done(begin, &outcome.link(), &Mrkdwn::default())
    } else {
        texts::unchanged(&outcome.link())
    }
}

async fn submitted(actions: &Actions, item: &InboundRequest) -> WorkResult {
    let payload = &item.payload;
    let submitted = dialog::submitted(actions.all, payload);
    let (Some((action, dialog, meta)), Some(user)) = (submitted, payload["user"]["id"].as_str()) else {
        return Ok(RequestOutcome::NotOurs("ignored"));
    };
    let Ok(mutation) = dialog.read(&meta, payload, item.received_at) else {
        return Ok(RequestOutcome::NotOurs("wrong"));
    };
    let done = match asker::person(&actions.acting, &item.installation, user).await? {
        Ok(person) => {
            let asked = ActionRequest {
                organization: meta.organization,
                incident: meta.incident,
                person: &person,
                request_id: item.request_id.as_deref(),
                key: item.idempotency_key(),
            };
            acting::act(&actions.acting, &asked, mutation.as_ref()).await?
        }
        Err(notice) => Err(notice),
    };
    let response_url = meta.response_url.as_deref().and_then(|url| Url::parse(url).ok());
    let notice = match done {
        Ok(outcome) => {
            if let Some(begin) = dialog.done.filter(|_| meta.is_ephemeral) {
                let text = confirmation(begin, &outcome);
                let (url, channel) = (response_url.as_ref(), meta.channel.as_deref());
                let http = &actions.acting.http;
                notice::answer(http, &item.installation, url, channel, user, text.as_str()).await?;
            }
            return Ok(RequestOutcome::Done(dialog.callback_id));
        }
        Err(notice) => notice,
    };
    let place = NoticePlace {
        installation: &item.installation,
        user,
        channel: meta.channel.as_deref(),
        response_url: response_url.as_ref(),
        trigger: payload["trigger_id"].as_str(),
    };
    tell(&actions.acting, place, &notice, action.verb).await?;
    Ok(RequestOutcome::Done(notice.outcome()))
}
