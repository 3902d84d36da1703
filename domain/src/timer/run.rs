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
    TimerError, TimerHandlers,
    due::{self, TimerAttempt, TimerPosition},
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
        let pause = match fire_due(domain, handlers, &shutdown).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!("timers can't be fired and are late until they can: {error}");
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
async fn fire_due(
    domain: &Arc<Domain>,
    handlers: TimerHandlers,
    shutdown: &CancellationToken,
) -> Result<Duration, RunError> {
    let (database, kinds) = (domain.database(), kinds(handlers));
    let next = due::next(database, &kinds).await?;
    let is_due = next.is_some_and(|next| next <= now(domain));
    let fired = if is_due {
        fire_batches(domain, handlers, shutdown).await?
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

/// Why a replica rests.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    Database(#[from] DbErr),
    /// In the words of the writer.
    #[error("{0}")]
    Writer(String),
    #[error("a batch was not fired: {0}")]
    Panicked(#[from] JoinError),
}

/// Reads and fires until nothing is due, the database fails, or the shutdown; how many timers fired or were put off.
async fn fire_batches(
    domain: &Arc<Domain>,
    handlers: TimerHandlers,
    shutdown: &CancellationToken,
) -> Result<usize, RunError> {
    let mut firing: JoinSet<Result<usize, RunError>> = JoinSet::new();
    let kinds = kinds(handlers);
    let mut position: Option<TimerPosition> = None;
    let mut fired = Ok(0);
    while fired.is_ok() && !shutdown.is_cancelled() {
        let batch = match due::due(domain.database(), &kinds, now(domain), position).await {
            Ok(batch) => batch,
            Err(error) => {
                fired = Err(error.into());
                break;
            }
        };
        // What is being fired is still due: the next batch is read from behind it.
        let Some(last) = batch.last() else { break };
        position = last.fire_at.map(|at| (at, last.id));
        if firing.len() >= BATCHES
            && let Some(batch) = firing.join_next().await
        {
            fired = sum(fired, batch);
        }
        let domain = Arc::clone(domain);
        firing.spawn(async move { fire(&domain, handlers, &batch).await });
    }
    while let Some(batch) = firing.join_next().await {
        fired = sum(fired, batch);
    }
    fired
}

/// How many timers fired, of those before and of a batch; the first error where there is one.
fn sum(
    before: Result<usize, RunError>,
    batch: Result<Result<usize, RunError>, JoinError>,
) -> Result<usize, RunError> {
    Ok(before? + batch??)
}

/// Fires a batch; its changes are written together. How many fired or were put off.
async fn fire(
    domain: &Arc<Domain>,
    handlers: TimerHandlers,
    batch: &[timer::Model],
) -> Result<usize, RunError> {
    let outcomes = join_all(batch.iter().map(|timer| fire_one(domain, handlers, timer))).await;
    let (mut fired, mut failed, mut unavailable) = (0, Vec::new(), None);
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
            Err(TimerError::Unavailable(error)) => unavailable = Some(error),
            Err(TimerError::Failed(error)) => failed.push((timer, error)),
        }
    }
    fired += put_off(domain, &failed).await?;
    match unavailable {
        Some(error) => Err(RunError::Writer(error)),
        None => Ok(fired),
    }
}

/// Does what a timer stands for; nothing where this version knows no such timer. A handler that panics has failed, and is put off as any other.
async fn fire_one(
    domain: &Arc<Domain>,
    handlers: TimerHandlers,
    timer: &timer::Model,
) -> Result<Option<OffsetDateTime>, TimerError> {
    let Some(handler) = handlers.iter().find(|handler| handler.kind == timer.kind) else {
        return Ok(None);
    };
    let panicked = |_| TimerError::Failed("a panic, of which the log says more".to_owned());
    AssertUnwindSafe(async { (handler.fire)(domain, timer).await })
        .catch_unwind()
        .await
        .map_err(panicked)?
}

/// Has timers tried again that failed; how many. One line tells of all that failed together: likely for the same reason.
async fn put_off(domain: &Arc<Domain>, failed: &[(&timer::Model, String)]) -> Result<usize, DbErr> {
    let Some((first, error)) = failed.first() else {
        return Ok(0);
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
    for (timer, error) in failed {
        metrics::counter!("tocsin_timer_failures_total", "kind" => timer.kind.as_str()).increment(1);
        due::put_off(domain.database(), TimerAttempt::from(*timer), now(domain), error).await?;
    }
    Ok(failed.len())
}
