//! What a press does that needs no question.

use futures::FutureExt;
use serde_json::Value;
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_queue::JobError;
use tocsin_slack::envelope::RequestKind;

use super::{
    Actions, Route, age,
    incident_action::{IncidentAction, MutationAt, TriggerEffect},
    press::ButtonPress,
    target,
    tell::{NoticePlace, tell},
};
use crate::{
    acting::{self, ActionMutation, ActionOutcome, ActionRequest, asker},
    notice::{self, Notice},
    request::{InboundRequest, RequestOutcome, WorkResult},
    texts::actions as texts,
};

/// `block_actions`, for the buttons and choices that are done at once.
pub(crate) const PRESSED: Route = Route {
    kind: RequestKind::Interaction,
    name: "block_actions",
    wanted: |actions, payload| wanted(actions.all, payload).is_some(),
    work: |actions, item| pressed(actions, item).boxed(),
};

/// A press that needs no question, what it does, and how the sentence begins that confirms it.
fn wanted(
    actions: &'static [&'static IncidentAction],
    payload: &Value,
) -> Option<(ButtonPress, MutationAt, &'static str)> {
    let press = ButtonPress::of(actions, payload)?;
    match press.asks {
        TriggerEffect::Now(mutation, done) => Some((press, mutation, done)),
        TriggerEffect::Dialog => None,
    }
}

async fn pressed(actions: &Actions, item: &InboundRequest) -> WorkResult {
    let Some((press, mutation, done)) = wanted(actions.all, &item.payload) else {
        return Ok(RequestOutcome::NotOurs("ignored"));
    };
    let mutation = mutation(item.received_at);
    let outcome = act(actions, item, &press, mutation.as_ref()).await?;
    actions
        .menu
        .used(&item.installation, &press, item.request_id.as_deref())
        .await;
    let notice = match outcome {
        Ok(outcome) => {
            if press.is_ephemeral {
                confirm(actions, item, &press, done, &outcome).await?;
            }
            return Ok(RequestOutcome::Done(press.action.verb));
        }
        Err(notice) => notice,
    };
    tell(
        &actions.acting,
        NoticePlace::of(&item.installation, &press),
        &notice,
        press.action.verb,
    )
    .await?;
    Ok(RequestOutcome::Done(notice.outcome()))
}

/// Says that it is done, where what was pressed on does not show it.
async fn confirm(
    actions: &Actions,
    item: &InboundRequest,
    press: &ButtonPress,
    done: &'static str,
    outcome: &ActionOutcome,
) -> Result<(), JobError> {
    let text = texts::done(done, &outcome.link(), &Mrkdwn::default());
    let (url, channel) = (press.response_url.as_ref(), press.channel.as_deref());
    let http = &actions.acting.http;
    notice::answer(http, &item.installation, url, channel, &press.user, text.as_str()).await
}

/// Does it, in the person's name; what they are to be told if it had no effect.
async fn act(
    actions: &Actions,
    item: &InboundRequest,
    press: &ButtonPress,
    mutation: &dyn ActionMutation,
) -> Result<Result<ActionOutcome, Notice>, JobError> {
    let request_id = item.request_id.as_deref();
    let person = match asker::person(&actions.acting, &item.installation, &press.user).await? {
        Ok(person) => person,
        Err(notice) => return Ok(Err(notice)),
    };
    let target = match target::find(actions, press, &person, request_id).await? {
        Ok(target) => target,
        Err(notice) => return Ok(Err(notice)),
    };
    if age::is_old(press.message_ts.as_deref(), item.received_at) {
        return age::refuse(&actions.acting, &target, &person, request_id)
            .await
            .map(Err);
    }
    let asked = ActionRequest {
        organization: target.organization,
        incident: target.incident,
        person: &person,
        request_id,
        key: item.idempotency_key(),
    };
    acting::act(&actions.acting, &asked, mutation).await
}
