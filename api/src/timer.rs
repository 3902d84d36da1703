//! Timers: what will happen to an incident at a set time. Several replicas may fire one at once: the change it asks for
//! is made once, because the state machine takes the second for a repetition.

use std::{sync::Arc, time::Duration};

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use time::OffsetDateTime;
use tocsin_entity::{
    kinds::{Source, TimerKind},
    timer,
};
use tokio_util::sync::CancellationToken;

use crate::{
    Domain,
    incident::{Actor, Change, Command, IncidentError, Order},
};

/// How often due timers are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Most timers fired at a time.
const FIRED_MAX: u64 = 100;

/// Fires what is due, until `shutdown`.
pub(crate) async fn run(domain: &Arc<Domain>, shutdown: CancellationToken) {
    while shutdown
        .run_until_cancelled(tokio::time::sleep(LOOK_EVERY))
        .await
        .is_some()
    {
        if let Err(error) = fire_due(domain).await {
            tracing::warn!("due timers could not be read, and are looked for again: {error}");
        }
    }
}

async fn fire_due(domain: &Arc<Domain>) -> Result<(), DbErr> {
    let now = OffsetDateTime::now_utc();
    let mut due = timer::Entity::find()
        .filter(timer::Column::DueAt.lte(now))
        .order_by_asc(timer::Column::DueAt)
        .limit(FIRED_MAX)
        .all(domain.database().read())
        .await?;
    // SQLite compares texts, and those of one second do not sort by their fractions.
    due.retain(|timer| timer.due_at <= now);
    futures::future::join_all(due.iter().map(|timer| fire(domain, timer))).await;
    Ok(())
}

async fn fire(domain: &Arc<Domain>, timer: &timer::Model) {
    let change = match timer.kind {
        TimerKind::SnoozeEnd => Change::EndSnooze { due_at: timer.due_at },
    };
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
        command: Command::Change(timer.incident_id, change),
        idempotency: None,
    };
    match domain.lane().apply(order).await {
        Ok(applied) if applied.changed => {
            tracing::info!(incident.id = %timer.incident_id, "the timer {} fired: {}", timer.id, timer.kind);
        }
        Ok(_) | Err(IncidentError::NotFound(_)) => remove(domain, timer).await,
        Err(error) => {
            tracing::error!(incident.id = %timer.incident_id, "the timer {} failed: {error}", timer.id);
        }
    }
}

/// Removes a timer that has nothing left to do.
async fn remove(domain: &Arc<Domain>, timer: &timer::Model) {
    if let Err(error) = timer::Entity::delete_by_id(timer.id)
        .exec(domain.database().write())
        .await
    {
        tracing::warn!("the timer {} could not be removed: {error}", timer.id);
    }
}
