//! A dialog is submitted: checked in the answer, stored, and done after.

use futures::FutureExt;
use serde_json::{Value, json};
use tocsin_slack::envelope::Kind;
use url::Url;

use super::{
    Actions, Prompt, Route, dialog,
    incident_action::IncidentAction,
    tell::{Place, tell},
};
use crate::{
    acting::{self, ActionRequest, asker},
    notice::Notice,
    request::{Answer, Ask, Item, Outcome, Reply, Worked},
};

/// `view_submission`, for the dialogs about an incident.
pub(crate) const SUBMIT: Prompt = Prompt {
    kind: Kind::Interaction,
    name: "view_submission",
    wanted: |actions, payload| dialog::submitted(actions.all, payload).is_some(),
    answer: |actions, ask| async move { Ok(check(actions.all, ask)) }.boxed(),
    otherwise: unavailable,
};

/// What was submitted, and is in order.
pub(crate) const SUBMITTED: Route = Route {
    kind: Kind::Interaction,
    name: "view_submission",
    wanted: |actions, payload| dialog::submitted(actions.all, payload).is_some(),
    work: |actions, item| submitted(actions, item).boxed(),
};

fn check(actions: &[&'static IncidentAction], ask: &Ask) -> Answer {
    let Some((_, dialog, meta)) = dialog::submitted(actions, &ask.payload) else {
        return Answer::Done("ignored", Reply::Empty);
    };
    match dialog.read(&meta, &ask.payload, ask.received_at) {
        Ok(_) => Answer::Store(Reply::Empty),
        Err(wrong) => {
            let wrong = wrong
                .into_iter()
                .map(|(block_id, text)| (block_id.to_owned(), text.to_owned()));
            Answer::Done("wrong", Reply::errors(wrong))
        }
    }
}

fn unavailable(actions: &Actions, payload: &Value) -> Reply {
    dialog::submitted(actions.all, payload).map_or(Reply::Empty, |(action, dialog, _)| {
        let view = dialog::refusal(action, dialog, &Notice::Unavailable);
        Reply::Json(json!({"response_action": "update", "view": view.json()}))
    })
}

async fn submitted(actions: &Actions, item: &Item) -> Worked {
    let payload = &item.payload;
    let submitted = dialog::submitted(actions.all, payload);
    let (Some((action, dialog, meta)), Some(user)) = (submitted, payload["user"]["id"].as_str()) else {
        return Ok(Outcome::NotOurs("ignored"));
    };
    let Ok(mutation) = dialog.read(&meta, payload, item.received_at) else {
        return Ok(Outcome::NotOurs("wrong"));
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
    let Err(notice) = done else {
        return Ok(Outcome::Done(dialog.callback_id));
    };
    let response_url = meta.response_url.as_deref().and_then(|url| Url::parse(url).ok());
    let place = Place {
        installation: &item.installation,
        user,
        channel: meta.channel.as_deref(),
        response_url: response_url.as_ref(),
        trigger: payload["trigger_id"].as_str(),
    };
    tell(&actions.acting, place, &notice, action.verb).await?;
    Ok(Outcome::Done(notice.outcome()))
}
