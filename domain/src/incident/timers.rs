//! What timers do to incidents.

use tocsin_entity::{
    kinds::{Source, TimerKind},
    timer,
};

use super::{
    apply::Order,
    command::{Change, Command},
};
use crate::{
    Domain,
    actor::Actor,
    timer::{TimerAttempt, TimerHandler},
};

/// Ends the rest that a timer was set for.
pub(crate) const END_SNOOZE: TimerHandler = TimerHandler {
    kind: TimerKind::SnoozeEnd,
    fire: |domain, timer| Box::pin(fire(domain, timer, Change::EndSnooze { due_at: timer.due_at })),
};

/// Asks the writer for a timer's change; when it was written, where something changed.
async fn fire(
    domain: &Domain,
    timer: &timer::Model,
    change: Change,
) -> Result<Option<time::OffsetDateTime>, String> {
    let actor = Actor {
        organization_id: timer.organization_id,
        user_id: None,
        key_id: None,
        slack_name: None,
        source: Source::Timer,
        request_id: Some(timer.id.to_string()),
    };
    let order = Order {
        actor,
        command: Command::Fire(TimerAttempt::from(timer), timer.incident_id, change),
        idempotency: None,
    };
    let applied = domain
        .lane()
        .apply(order)
        .await
        .map_err(|error| error.to_string())?;
    Ok(applied.changed.then_some(applied.incident.updated_at))
}
