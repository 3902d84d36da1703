//! Firing timers, until the shutdown.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::join_all;
use metrics::{Unit, describe_counter, describe_histogram};
use sea_orm::DbErr;
use time::OffsetDateTime;
use tocsin_entity::timer;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{
    TimerHandlers,
    claim::{self, TimerClaim},
    kinds,
};
use crate::{Domain, moment::micros};

/// How often timers are looked for that other replicas wrote, and how soon after the database failed.
const LOOK: Duration = Duration::from_secs(1);

/// How often rows are looked after that nobody would find by their time.
const TEND: Duration = Duration::from_secs(10);

/// How long timers are left alone that another replica is claiming.
const TAKEN: Duration = Duration::from_millis(50);

/// Batches that are fired side by side: while one is written the next is claimed. What people ask for waits for no more than these.
const BATCHES: usize = 2;

/// Fires what is due, until `shutdown`.
pub(crate) async fn run(domain: &Arc<Domain>, handlers: TimerHandlers, shutdown: CancellationToken) {
    describe();
    let mut tended: Option<Instant> = None;
    loop {
        domain.timers().look();
        if tended.is_none_or(|tended| tended.elapsed() > TEND) {
            tend(domain, handlers).await;
            tended = Some(Instant::now());
        }
        let pause = match fire_due(domain, handlers).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!("timers can't be read and are late until they can: {error}");
                LOOK
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
            () = domain.timers().nearer() => {}
        }
    }
}

/// What time it is for all replicas, in microseconds since 1970.
fn now(domain: &Domain) -> i64 {
    micros(domain.clock().now())
}

fn describe() {
    describe_counter!("tocsin_timers_fired_total", "Timers that fired, by kind.");
    describe_counter!(
        "tocsin_timer_failures_total",
        "Timers that failed and are tried again, by kind."
    );
    describe_histogram!(
        "tocsin_timer_lateness_seconds",
        Unit::Seconds,
        "From when a timer was due until its change was written, by kind."
    );
}

async fn tend(domain: &Arc<Domain>, handlers: TimerHandlers) {
    match claim::tend(domain.database(), &kinds(handlers), now(domain)).await {
        Ok((adopted, repaired)) => {
            if adopted > 0 {
                tracing::info!("took over {adopted} timers of an earlier version");
            }
            if repaired > 0 {
                tracing::warn!(
                    "{repaired} timers were to be tried further ahead than any pause is long, as after a wrong clock: they are tried now"
                );
            }
        }
        Err(error) => tracing::warn!("timers can't be looked after for now: {error}"),
    }
}

/// Fires all that is due; how long there is nothing to do then.
async fn fire_due(domain: &Arc<Domain>, handlers: TimerHandlers) -> Result<Duration, DbErr> {
    let (database, kinds) = (domain.database(), kinds(handlers));
    let next = claim::next(database, &kinds).await?;
    let is_due = next.is_some_and(|next| next <= now(domain));
    let fired = if is_due {
        fire_batches(domain, handlers).await?
    } else {
        0
    };
    let until = claim::next(database, &kinds).await?.unwrap_or(i64::MAX);
    domain.timers().sleep_until(until);
    let left = u64::try_from(until.saturating_sub(now(domain))).unwrap_or(0);
    let pause = Duration::from_micros(left).min(LOOK);
    // What is due and can't be claimed is another replica's at this moment.
    Ok(if is_due && fired == 0 {
        pause.max(TAKEN)
    } else {
        pause
    })
}

/// Claims and fires until nothing is due, or the database fails; how many timers.
async fn fire_batches(domain: &Arc<Domain>, handlers: TimerHandlers) -> Result<usize, DbErr> {
    let mut firing = JoinSet::new();
    let mut count = 0;
    let kinds = kinds(handlers);
    let claimed = loop {
        let batch = match claim::claim(domain.database(), &kinds, now(domain)).await {
            Ok(batch) if batch.is_empty() => break Ok(()),
            Ok(batch) => batch,
            Err(error) => break Err(error),
        };
        count += batch.len();
        if firing.len() >= BATCHES {
            ended(firing.join_next().await);
        }
        let domain = Arc::clone(domain);
        firing.spawn(async move { fire(&domain, handlers, &batch).await });
    };
    while !firing.is_empty() {
        ended(firing.join_next().await);
    }
    claimed.map(|()| count)
}

/// What is left of a batch that panicked fires when its claims end.
fn ended(batch: Option<Result<(), JoinError>>) {
    if let Some(Err(error)) = batch {
        tracing::error!("timers were not fired, and are when their claims end: {error}");
    }
}

/// Fires a batch; its changes are written together.
async fn fire(domain: &Arc<Domain>, handlers: TimerHandlers, batch: &[timer::Model]) {
    let outcomes = join_all(batch.iter().map(|timer| fire_one(domain, handlers, timer))).await;
    let mut failed = Vec::new();
    for (timer, outcome) in batch.iter().zip(outcomes) {
        match outcome {
            Ok(Some(written_at)) => {
                let late = micros(written_at).saturating_sub(micros(timer.due_at));
                let late = Duration::from_micros(u64::try_from(late).unwrap_or(0));
                metrics::counter!("tocsin_timers_fired_total", "kind" => timer.kind.as_str()).increment(1);
                metrics::histogram!("tocsin_timer_lateness_seconds", "kind" => timer.kind.as_str())
                    .record(late);
                tracing::debug!(incident.id = %timer.incident_id, "timer {} fired: {}", timer.id, timer.kind);
            }
            // The incident changed since and needs the timer no more, or another replica has the timer.
            Ok(None) => {}
            Err(error) => failed.push((timer, error)),
        }
    }
    if !failed.is_empty() {
        put_off(domain, &failed).await;
    }
}

/// Does what a timer stands for; nothing where this version knows no such timer.
async fn fire_one(
    domain: &Arc<Domain>,
    handlers: TimerHandlers,
    timer: &timer::Model,
) -> Result<Option<OffsetDateTime>, String> {
    match handlers.iter().find(|handler| handler.kind == timer.kind) {
        Some(handler) => (handler.fire)(domain, timer).await,
        None => Ok(None),
    }
}

/// Has timers tried again that failed. One line tells of all that failed together: likely for the same reason.
async fn put_off(domain: &Arc<Domain>, failed: &[(&timer::Model, String)]) {
    let Some((first, error)) = failed.first() else {
        return;
    };
    tracing::error!(
        incident.id = %first.incident_id,
        timer.id = %first.id,
        timer.attempts = first.attempts,
        "{} timers failed and are tried again; the first of them ({}, try {}): {error}",
        failed.len(),
        first.kind,
        first.attempts,
    );
    for (timer, error) in failed {
        metrics::counter!("tocsin_timer_failures_total", "kind" => timer.kind.as_str()).increment(1);
        let claim = TimerClaim::from(*timer);
        if let Err(error) = claim::put_off(domain.database(), claim, now(domain), error).await {
            // Its claim ends by itself; so do those of the others, and the database is given a rest.
            tracing::warn!("timers that failed are tried again when their claims end: {error}");
            return;
        }
    }
}
