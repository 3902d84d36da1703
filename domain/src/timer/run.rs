//! Firing timers, until the shutdown.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{FutureExt, future::join_all};
use metrics::{Unit, describe_counter, describe_histogram};
use sea_orm::DbErr;
use time::OffsetDateTime;
use tocsin_entity::timer;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{
    TimerHandlers,
    due::{self, Position, TimerAttempt},
    kinds,
};
use crate::{Domain, moment::micros};

/// How often timers are looked for that other replicas wrote, and how soon after the database failed.
const LOOK: Duration = Duration::from_secs(1);

/// How often rows are looked after that nobody would find by their time.
const TEND: Duration = Duration::from_secs(10);

/// How long timers are left alone that another replica is firing.
const TAKEN: Duration = Duration::from_millis(50);

/// Batches that are fired side by side: while one is written the next is read. What people ask for waits for no more than these.
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
    match due::tend(domain.database(), &kinds(handlers), now(domain)).await {
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
    let next = due::next(database, &kinds).await?;
    let is_due = next.is_some_and(|next| next <= now(domain));
    let fired = if is_due {
        fire_batches(domain, handlers).await?
    } else {
        0
    };
    let until = due::next(database, &kinds).await?.unwrap_or(i64::MAX);
    domain.timers().sleep_until(until);
    let left = u64::try_from(until.saturating_sub(now(domain))).unwrap_or(0);
    let pause = Duration::from_micros(left).min(LOOK);
    // What was due and did nothing here is another replica's at this moment.
    Ok(if is_due && fired == 0 {
        pause.max(TAKEN)
    } else {
        pause
    })
}

/// Reads and fires until nothing is due, or the database fails; how many timers fired or were put off.
async fn fire_batches(domain: &Arc<Domain>, handlers: TimerHandlers) -> Result<usize, DbErr> {
    let mut firing = JoinSet::new();
    let mut count = 0;
    let kinds = kinds(handlers);
    let mut position: Option<Position> = None;
    let read = loop {
        let batch = match due::due(domain.database(), &kinds, now(domain), position).await {
            Ok(batch) => batch,
            Err(error) => break Err(error),
        };
        // What is being fired is still due: the next batch is read from behind it.
        let Some(last) = batch.last() else { break Ok(()) };
        position = last.fire_at.map(|at| (at, last.id));
        if firing.len() >= BATCHES {
            count += ended(firing.join_next().await);
        }
        let domain = Arc::clone(domain);
        firing.spawn(async move { fire(&domain, handlers, &batch).await });
    };
    while !firing.is_empty() {
        count += ended(firing.join_next().await);
    }
    read.map(|()| count)
}

/// How many timers of a batch fired or were put off.
fn ended(batch: Option<Result<usize, JoinError>>) -> usize {
    match batch {
        Some(Ok(count)) => count,
        Some(Err(error)) => {
            tracing::error!("timers were not fired, and are tried again: {error}");
            0
        }
        None => 0,
    }
}

/// Fires a batch; its changes are written together. How many fired or were put off.
async fn fire(domain: &Arc<Domain>, handlers: TimerHandlers, batch: &[timer::Model]) -> usize {
    let outcomes = join_all(batch.iter().map(|timer| fire_one(domain, handlers, timer))).await;
    let (mut fired, mut failed) = (0, Vec::new());
    for (timer, outcome) in batch.iter().zip(outcomes) {
        match outcome {
            Ok(Some(written_at)) => {
                fired += 1;
                let late = micros(written_at).saturating_sub(micros(timer.due_at));
                let late = Duration::from_micros(u64::try_from(late).unwrap_or(0));
                metrics::counter!("tocsin_timers_fired_total", "kind" => timer.kind.as_str()).increment(1);
                metrics::histogram!("tocsin_timer_lateness_seconds", "kind" => timer.kind.as_str())
                    .record(late);
                tracing::debug!(incident.id = %timer.incident_id, "timer {} fired: {}", timer.id, timer.kind);
            }
            // The incident changed since and needs the timer no more, or another replica has fired it.
            Ok(None) => {}
            Err(error) => failed.push((timer, error)),
        }
    }
    if !failed.is_empty() {
        fired += put_off(domain, &failed).await;
    }
    fired
}

/// Does what a timer stands for; nothing where this version knows no such timer. A handler that panics has failed, and is put off as any other.
async fn fire_one(
    domain: &Arc<Domain>,
    handlers: TimerHandlers,
    timer: &timer::Model,
) -> Result<Option<OffsetDateTime>, String> {
    let Some(handler) = handlers.iter().find(|handler| handler.kind == timer.kind) else {
        return Ok(None);
    };
    AssertUnwindSafe((handler.fire)(domain, timer))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err("a panic, of which the log says more".to_owned()))
}

/// Has timers tried again that failed; how many. One line tells of all that failed together: likely for the same reason.
async fn put_off(domain: &Arc<Domain>, failed: &[(&timer::Model, String)]) -> usize {
    let Some((first, error)) = failed.first() else {
        return 0;
    };
    let failures = first.attempts.saturating_add(1);
    tracing::error!(
        incident.id = %first.incident_id,
        timer.id = %first.id,
        timer.attempts = failures,
        "{} timers failed and are tried again; the first of them ({}, try {}): {error}",
        failed.len(),
        first.kind,
        failures,
    );
    let mut count = 0;
    for (timer, error) in failed {
        metrics::counter!("tocsin_timer_failures_total", "kind" => timer.kind.as_str()).increment(1);
        if let Err(error) =
            due::put_off(domain.database(), TimerAttempt::from(*timer), now(domain), error).await
        {
            // The database is given a rest, and the others are tried again after it.
            tracing::warn!("timers that failed can't be put off for now: {error}");
            return count;
        }
        count += 1;
    }
    count
}
