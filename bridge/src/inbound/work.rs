//! Working the inbox: one row at a time, each by one worker, until it is done or given up.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::FutureExt;
use time::OffsetDateTime;
use tocsin_entity::{id::InboxId, slack::inbox::Model};
use tocsin_queue::{JobContext, JobError, jobs::WorkInbox};
use tocsin_slack::envelope::{self, RequestKind};
use tracing::Instrument;

use super::{delayed, sequence};
use crate::{
    inbound::Inbound,
    inbox::{self, AttemptOutcome, InboxClaim},
    installation::{self, InstallationKey, Lookup},
    request::{InboundRequest, RequestOutcome, WorkResult},
    texts::requests,
};

/// How long a handler may take: less than the lease, so that nobody else begins meanwhile.
const WORK_TIMEOUT: Duration = Duration::from_secs(12);

const _: () = assert!(WORK_TIMEOUT.as_secs() + 2 < inbox::LEASE.as_secs());

/// How often a request is tried before it is given up: with the pauses below, for some five hours.
const ATTEMPTS_MAX: i32 = 40;

/// The pause after the first failure; each one after is twice as long, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Works a row of the inbox. A second run, or one beside another's, does nothing.
pub(crate) async fn work(
    inbound: Arc<Inbound>,
    job: WorkInbox,
    _context: JobContext,
) -> Result<(), JobError> {
    let id: InboxId = job.inbox_id.parse().map_err(JobError::fail)?;
    let (began, clock) = (Instant::now(), inbound.clock.clone());
    let claim = inbound.writer.write(move |tx| {
        let now = clock.now();
        async move { inbox::claim(tx, id, now).await }.boxed()
    });
    let claimed = claim.await.map_err(JobError::retry)?;
    let row = match claimed {
        InboxClaim::Taken(row) => row,
        // Whoever has it may have died: looked at again when the lease ends.
        InboxClaim::NotDue(due_at) => {
            return inbound.queue.push_at(&job, due_at).await.map_err(JobError::retry);
        }
        InboxClaim::InSequence(key) => return sequence::work(&inbound, &key).await,
        InboxClaim::Over => return Ok(()),
    };
    let tried = attempt(&inbound, &row, began).await;
    let (id, attempts, told) = (row.id, row.attempts, tried.verdict.clone());
    let clock = inbound.clock.clone();
    let settle = inbound.writer.write(move |tx| {
        let (told, now) = (told.clone(), clock.now());
        async move { inbox::settle(tx, id, attempts, &told, now).await }.boxed()
    });
    // If that fails, the row's lease ends by itself, and the sweeper rings again.
    let settled = settle.await.map_err(JobError::retry)?;
    // Where it was another's by then, they tell.
    if settled {
        conclude(&inbound, &row, &tried, true).await;
    }
    Ok(())
}

/// The type that Slack gave it.
fn name_of(row: &Model) -> &str {
    let named = match RequestKind::from_name(&row.kind) {
        Some(RequestKind::Event) => &row.payload["event"]["type"],
        Some(RequestKind::Command) => return envelope::COMMAND,
        Some(RequestKind::Interaction) | None => &row.payload["type"],
    };
    named.as_str().unwrap_or_default()
}

/// What came of a try.
#[derive(Debug)]
pub(super) struct AttemptResult {
    pub(super) verdict: AttemptOutcome,
    /// As it is counted.
    outcome: &'static str,
}

/// Tries a request that this worker has claimed, and began with at that moment.
pub(super) async fn attempt(inbound: &Inbound, row: &Model, began: Instant) -> AttemptResult {
    let name = name_of(row);
    let span = tracing::info_span!(
        "inbox",
        inbox.id = %row.id,
        slack.key = row.slack_key,
        slack.r#type = name,
        request.id = row.request_id,
        attempt = row.attempts,
    );
    let handled = handle(inbound, row, name, began).instrument(span).await;
    tried(inbound, row, handled)
}

/// What came of a try that panicked.
pub(super) fn panicked(inbound: &Inbound, row: &Model) -> AttemptResult {
    tried(inbound, row, Err(JobError::retry("it panicked")))
}

fn tried(inbound: &Inbound, row: &Model, handled: WorkResult) -> AttemptResult {
    let (verdict, outcome) = match handled {
        Ok(RequestOutcome::Done(outcome)) => (AttemptOutcome::Done, outcome),
        Ok(RequestOutcome::NotOurs(outcome)) => (AttemptOutcome::Forgotten, outcome),
        Err(error) => judge(row, error, inbound.clock.now()),
    };
    AttemptResult { verdict, outcome }
}

/// Tells what came of a try, which is written down, and rings for the next one where `rings`.
pub(super) async fn conclude(inbound: &Inbound, row: &Model, tried: &AttemptResult, rings: bool) {
    let (name, outcome) = (name_of(row).to_owned(), tried.outcome);
    let lag = (inbound.clock.now() - row.received_at).as_seconds_f64();
    metrics::counter!("tocsin_slack_inbox_worked_total", "type" => inbound.registry.label(&name), "outcome" => outcome)
        .increment(1);
    metrics::histogram!("tocsin_slack_inbox_lag_seconds", "type" => inbound.registry.label(&name))
        .record(lag.max(0.0));
    match &tried.verdict {
        AttemptOutcome::Done | AttemptOutcome::Forgotten => {
            tracing::info!(
                inbox.id = %row.id,
                request.id = row.request_id,
                outcome,
                "worked {name} {}: {outcome}",
                row.slack_key
            );
        }
        AttemptOutcome::Later { due_at, error } => {
            tracing::warn!(
                inbox.id = %row.id,
                request.id = row.request_id,
                %due_at,
                "{name} {} is tried again: {error}",
                row.slack_key
            );
            if row.attempts == delayed::TELL_AT {
                delayed::tell(inbound, &row.payload, requests::KEPT).await;
            }
            if rings {
                let job = WorkInbox {
                    inbox_id: row.id.to_string(),
                };
                // If this is lost the sweeper finds the row when it is due.
                if let Err(error) = inbound.queue.push_at(&job, *due_at).await {
                    tracing::warn!("the next try of {} waits for the sweeper: {error}", row.id);
                }
            }
        }
        AttemptOutcome::Failed { error } => {
            tracing::error!(
                inbox.id = %row.id,
                request.id = row.request_id,
                "{name} {} is given up after {} tries: {error}",
                row.slack_key,
                row.attempts
            );
            delayed::tell(inbound, &row.payload, requests::GIVEN_UP).await;
        }
    }
}

async fn handle(inbound: &Inbound, row: &Model, name: &str, began: Instant) -> WorkResult {
    let Some(handler) =
        RequestKind::from_name(&row.kind).and_then(|kind| inbound.registry.handler(kind, name, &row.payload))
    else {
        return Ok(RequestOutcome::NotOurs("ignored"));
    };
    let kind = handler.kind();
    let key = match InstallationKey::of_inbox(row) {
        Some(key) => Ok(key),
        // Stored by the version before, which left this to whoever works it.
        None => installation::decide(&inbound.apps, &inbound.workspaces, row.app_id, kind, &row.payload),
    };
    let found = key.map(|key| installation::find(&inbound.apps, &inbound.workspaces, &key));
    let installation = match found {
        Ok(Lookup::Connected(installation)) => installation,
        // Not at short intervals: tries are counted.
        Ok(Lookup::NotYet) => {
            return Err(JobError::retry(
                "it is not known yet which workspace it comes from",
            ));
        }
        Ok(Lookup::Rejected(rejection)) | Err(rejection) => {
            rejection.report(row.app_id, &format!("a stored request ({name})"));
            delayed::tell(inbound, &row.payload, requests::NOT_CONNECTED).await;
            return Ok(RequestOutcome::NotOurs("foreign"));
        }
    };
    let item = InboundRequest {
        installation,
        id: row.id,
        payload: row.payload.clone(),
        request_id: row.request_id.clone(),
        received_at: row.received_at,
        taken_up_at: inbound.clock.now(),
    };
    // The time is looked at first: who was away for longer than the lease goes on with nothing.
    tokio::select! {
        biased;
        () = tokio::time::sleep_until((began + WORK_TIMEOUT).into()) => Err(JobError::retry("it took too long")),
        worked = handler.work(&item) => worked,
    }
}

/// What follows from a failure.
fn judge(row: &Model, error: JobError, now: OffsetDateTime) -> (AttemptOutcome, &'static str) {
    let (pause, error) = match error {
        JobError::Retry(error) => (Some(pause(row.attempts)), error),
        JobError::RetryAfter(pause, error) => (Some(pause.min(LONGEST_PAUSE)), error),
        JobError::Fail(error) => (None, error),
    };
    let error = error.to_string();
    match pause {
        Some(pause) if row.attempts < ATTEMPTS_MAX => (
            AttemptOutcome::Later {
                due_at: now + pause,
                error,
            },
            "retry",
        ),
        Some(_) | None => (AttemptOutcome::Failed { error }, "failed"),
    }
}

/// The pause after so many tries, within 20% of its length, so that those who failed together don't come back together.
fn pause(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(16);
    let pause = FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE);
    pause.mul_f64(rand::random_range(0.8..1.2)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tocsin_entity::kinds::InboxState;

    use super::*;

    fn row(attempts: i32) -> Model {
        Model {
            id: InboxId::new(),
            slack_key: "Ev1".to_owned(),
            kind: "event".to_owned(),
            app_id: None,
            team_id: Some("T1".to_owned()),
            payload: json!({}),
            request_id: None,
            state: InboxState::Pending,
            attempts,
            due_at: OffsetDateTime::UNIX_EPOCH,
            last_error: None,
            received_at: OffsetDateTime::UNIX_EPOCH,
            worked_at: None,
            sequence: None,
            sequence_at: 0,
        }
    }

    #[test]
    fn a_request_is_tried_again_for_hours_and_then_given_up() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let mut patience = Duration::ZERO;
        for attempts in 1..ATTEMPTS_MAX {
            let (verdict, outcome) = judge(&row(attempts), JobError::retry("down"), now);
            let AttemptOutcome::Later { due_at, .. } = verdict else {
                panic!("given up at {attempts}: {outcome}")
            };
            patience += (due_at - now).unsigned_abs();
        }
        assert!(patience > Duration::from_secs(3 * 3_600), "{patience:?}");
        let (verdict, _) = judge(&row(ATTEMPTS_MAX), JobError::retry("down"), now);
        assert_eq!(
            verdict,
            AttemptOutcome::Failed {
                error: "down".to_owned()
            }
        );
        let (verdict, _) = judge(&row(1), JobError::fail("never"), now);
        assert_eq!(
            verdict,
            AttemptOutcome::Failed {
                error: "never".to_owned()
            }
        );
    }
}
