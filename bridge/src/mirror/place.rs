//! The place of a call in the pace: taken, waited for, or too far away.
//!
//! A place that is some way off is put on record and used when its time has come; nobody waits for it meanwhile. Who must not
//! reach far ahead (replies, so that new incidents find room before them) comes back later instead.

use std::time::Duration;

use time::OffsetDateTime;
use tocsin_entity::{kinds::PostKind, slack::post};
use tocsin_slack::method::Method;
use tocsin_slack_client::pacer::PaceSlot;

use super::outcome::{DeliveryOutcome, Wait};
use crate::pace::{Purpose, RESERVED_MAX, WorkspacePace};

/// A place that comes so soon is waited for.
const WORTH_WAITING: Duration = Duration::from_millis(250);

/// How far away the place of a new incident's message may be: beyond that it goes into the digest.
const ROOT_WAIT: Duration = Duration::from_secs(10);

/// How far ahead a reply may take a place in its channel.
const REPLY_WAIT: Duration = Duration::from_secs(2);

/// How far ahead an update may take its place.
const UPDATE_WAIT: Duration = Duration::from_secs(10);

/// How far ahead a digest may: it stands for many incidents.
const DIGEST_WAIT: Duration = RESERVED_MAX;

/// How long a place that was taken earlier may be used after its time.
const HOLDS: Duration = Duration::from_secs(2);

/// Takes a place for a post, or says what becomes of it instead.
pub(super) async fn of_post(limits: &WorkspacePace, record: &mut post::Model) -> Result<(), DeliveryOutcome> {
    if let Some(blocked) = limits.blocked_for(&record.channel_id)
        && record
            .not_before
            .is_some_and(|place| place < limits.now() + blocked)
    {
        record.not_before = None;
    }
    if was_taken(record, limits.now()).map_err(DeliveryOutcome::Wait)? {
        return Ok(());
    }
    let (purpose, max_wait) = match record.kind {
        PostKind::Root => (Purpose::NewIncident, ROOT_WAIT),
        PostKind::Digest => (Purpose::NewIncident, DIGEST_WAIT),
        PostKind::Reply | PostKind::Unfurl | PostKind::Direct => (Purpose::Change, REPLY_WAIT),
    };
    match limits.reserve_post(&record.channel_id, purpose, max_wait).await {
        PaceSlot::At(wait) => wait_for(limits, record, wait)
            .await
            .map_err(DeliveryOutcome::Wait),
        PaceSlot::WouldWait(_) if record.kind == PostKind::Root => Err(DeliveryOutcome::ToDigest),
        PaceSlot::WouldWait(wait) => Err(DeliveryOutcome::Wait(Wait::turn(limits.now(), wait))),
    }
}

/// Takes a place for a call that changes what is there, or says until when it must wait.
pub(super) async fn of_update(
    limits: &WorkspacePace,
    record: &mut post::Model,
    method: Method,
) -> Result<(), Wait> {
    if was_taken(record, limits.now())? {
        return Ok(());
    }
    let max_wait = if record.kind == PostKind::Digest {
        DIGEST_WAIT
    } else {
        UPDATE_WAIT
    };
    match limits.reserve_method(method, max_wait).await {
        PaceSlot::At(wait) => wait_for(limits, record, wait).await,
        PaceSlot::WouldWait(wait) => Err(Wait::turn(limits.now(), wait)),
    }
}

/// Whether a place was taken earlier whose time is now; `Err` while its time has not come. One that is further away than any that is taken was
/// noted by a wrong clock, and is none.
fn was_taken(record: &mut post::Model, now: OffsetDateTime) -> Result<bool, Wait> {
    let Some(place) = record.not_before else {
        return Ok(false);
    };
    if place > now + RESERVED_MAX {
        tracing::warn!(post.key = %record.key, "a place in the pace at {place} is not believed: it is {now}");
        record.not_before = None;
        return Ok(false);
    }
    if now + Duration::from_millis(5) < place {
        return Err(Wait::until(place));
    }
    record.not_before = None;
    Ok(now < place + HOLDS)
}

async fn wait_for(limits: &WorkspacePace, record: &mut post::Model, wait: Duration) -> Result<(), Wait> {
    if wait <= WORTH_WAITING {
        tokio::time::sleep(wait).await;
        return Ok(());
    }
    let place = limits.now() + wait;
    record.not_before = Some(place);
    Err(Wait::until(place))
}
