//! A dialog is submitted: checked in the answer, stored, and done after.

use futures::FutureExt;
use serde_json::{Value, json};
use tocsin_slack::envelope::Kind;
use url::Url;

use super::{
    dialogs,
    tell::{Place, tell},
};
use crate::{
    acting::{self, Asked, asker},
    notice::Notice,
    parts::{Parts, Prompt, Route},
    request::{Answer, Ask, Item, Outcome, Reply, Worked},
};

/// `view_submission`, for the dialogs about an incident.
pub(crate) const SUBMIT: Prompt = Prompt {
    kind: Kind::Interaction,
    name: "view_submission",
    wanted: |payload| dialogs::submitted(payload).is_some(),
    answer: |_, ask| async move { Ok(check(ask)) }.boxed(),
    otherwise: unavailable,
};

/// What was submitted, and is in order.
pub(crate) const SUBMITTED: Route = Route {
    kind: Kind::Interaction,
    name: "view_submission",
    wanted: |payload| dialogs::submitted(payload).is_some(),
    work: |parts, item| submitted(parts, item).boxed(),
};

fn check(ask: &Ask) -> Answer {
    let Some((dialog, meta)) = dialogs::submitted(&ask.payload) else {
        return Answer::Done("ignored", Reply::Empty);
    };
    match dialogs::read(dialog, &meta, &ask.payload, ask.received_at) {
        Ok(_) => Answer::Store(Reply::Empty),
        Err(wrong) => {
            let wrong = wrong
                .into_iter()
                .map(|(block_id, text)| (block_id.to_owned(), text.to_owned()));
            Answer::Done("wrong", Reply::errors(wrong))
        }
    }
}

fn unavailable(payload: &Value) -> Reply {
    dialogs::submitted(payload).map_or(Reply::Empty, |(dialog, _)| {
        let view = dialogs::refusal(dialog, &Notice::Unavailable);
        Reply::Json(json!({"response_action": "update", "view": view.json()}))
    })
}

async fn submitted(parts: &Parts, item: &Item) -> Worked {
    let payload = &item.payload;
    let (Some((dialog, meta)), Some(user)) = (dialogs::submitted(payload), payload["user"]["id"].as_str())
    else {
        return Ok(Outcome::NotOurs("ignored"));
    };
    let Ok(change) = dialogs::read(dialog, &meta, payload, item.received_at) else {
        return Ok(Outcome::NotOurs("wrong"));
    };
    let done = match asker::person(parts, &item.installation, user).await? {
        Ok(person) => {
            let asked = Asked {
                organization: meta.organization,
                incident: meta.incident,
                person: &person,
                request_id: item.request_id.as_deref(),
                key: item.idempotency_key(),
            };
            acting::act(parts, &asked, &change).await?
        }
        Err(notice) => Err(notice),
    };
    let Err(notice) = done else {
        return Ok(Outcome::Done(dialog.callback_id()));
    };
    let response_url = meta.response_url.as_deref().and_then(|url| Url::parse(url).ok());
    let place = Place {
        installation: &item.installation,
        user,
        channel: meta.channel.as_deref(),
        response_url: response_url.as_ref(),
        trigger: payload["trigger_id"].as_str(),
    };
    tell(parts, place, &notice, dialog.verb()).await?;
    Ok(Outcome::Done(notice.outcome()))
}
