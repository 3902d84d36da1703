//! What a press does that needs no question.

use futures::FutureExt;
use serde_json::Value;
use tocsin_entity::kinds::Role;
use tocsin_queue::JobError;
use tocsin_slack::envelope::Kind;

use super::{
    action::Deed,
    age, menu,
    press::Press,
    target,
    tell::{Place, tell},
};
use crate::{
    acting::{self, Asked, asker},
    notice::Notice,
    parts::{Parts, Route},
    request::{Item, Outcome, Worked},
};

/// `block_actions`, for the buttons and choices that are done at once.
pub(crate) const PRESSED: Route = Route {
    kind: Kind::Interaction,
    name: "block_actions",
    wanted: |payload| wanted(payload).is_some(),
    work: |parts, item| pressed(parts, item).boxed(),
};

fn wanted(payload: &Value) -> Option<Press> {
    Press::of(payload).filter(|press| press.action.dialog().is_none())
}

async fn pressed(parts: &Parts, item: &Item) -> Worked {
    let Some(press) = wanted(&item.payload) else {
        return Ok(Outcome::NotOurs("ignored"));
    };
    let Some(deed) = press.action.deed(item.received_at) else {
        return Ok(Outcome::NotOurs("ignored"));
    };
    let done = act(parts, item, &press, &deed).await?;
    menu::used(parts, &item.installation, &press, item.request_id.as_deref()).await;
    let Err(notice) = done else {
        return Ok(Outcome::Done(press.action.verb()));
    };
    tell(
        parts,
        Place::of(&item.installation, &press),
        &notice,
        press.action.verb(),
    )
    .await?;
    Ok(Outcome::Done(notice.outcome()))
}

/// Does it, in the person's name; what they are to be told if it had no effect.
async fn act(parts: &Parts, item: &Item, press: &Press, deed: &Deed) -> Result<Result<(), Notice>, JobError> {
    let request_id = item.request_id.as_deref();
    let person = match asker::person(parts, &item.installation, &press.user).await? {
        Ok(person) => person,
        Err(notice) => return Ok(Err(notice)),
    };
    let target = match target::find(parts, press, &person, request_id).await? {
        Ok(target) => target,
        Err(notice) => return Ok(Err(notice)),
    };
    if age::is_old(press.message_ts.as_deref(), item.received_at) {
        return age::refuse(parts, &target, &person, request_id).await.map(Err);
    }
    match deed {
        Deed::Make(change) => {
            let asked = Asked {
                organization: target.organization,
                incident: target.incident,
                person: &person,
                request_id,
                key: item.idempotency_key(),
            };
            Ok(acting::act(parts, &asked, change).await?.map(drop))
        }
        Deed::Escalate => {
            let member = acting::member(parts, target.organization, &person, request_id).await?;
            Ok(match member {
                Ok(member) if member.role == Role::Stakeholder => Err(Notice::ReadOnly),
                Ok(_) => Err(Notice::NoEscalationPolicy),
                Err(notice) => Err(notice),
            })
        }
    }
}
