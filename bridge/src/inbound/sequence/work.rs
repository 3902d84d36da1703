//! Working a sequence, one request after another.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::FutureExt;
use tocsin_entity::slack::inbox::Model;
use tocsin_queue::{JobError, jobs::WorkInbox};

use super::{
    claim::{HEARTBEAT, SequenceClaim},
    holds, rows, split,
};
use crate::{
    inbound::Inbound,
    inbound::work::{self, AttemptResult},
    inbox::AttemptOutcome,
};

/// How long one job works a sequence before it gives the place to others.
const JOB_MAX: Duration = Duration::from_secs(10);

/// How long it is waited after the last of several requests that came at the same moment: Slack does not send them in order.
const SETTLING: time::Duration = time::Duration::milliseconds(100);

/// What is to be done when a job has worked a sequence.
enum Next {
    /// Nothing waits.
    Nothing,
    /// The request for which the others wait.
    Held(Model),
    /// There is more than one job should do.
    More(Model),
    /// Another worker has it.
    Lost,
}

/// Works a sequence. A second run beside another's does nothing.
pub(in crate::inbound) async fn work(inbound: &Arc<Inbound>, key: &str) -> Result<(), JobError> {
    loop {
        let (wanted, clock) = (key.to_owned(), inbound.clock.clone());
        let take = inbound.writer.write(move |tx| {
            let (key, now) = (wanted.clone(), clock.now());
            async move { SequenceClaim::take(tx, &key, now).await }.boxed()
        });
        // Whoever has it looks again when they have let go.
        let Some(turn) = take.await.map_err(JobError::retry)? else {
            return Ok(());
        };
        let worked = work_turn(inbound, &turn).await;
        let held = turn.clone();
        let let_go = inbound.writer.write(move |tx| {
            let turn = held.clone();
            async move { turn.let_go(tx).await }.boxed()
        });
        // If that fails the claim ends by itself, and the sweeper rings again.
        let_go.await.map_err(JobError::retry)?;
        match worked? {
            Next::Held(row) => return ring_at(inbound, &row).await,
            Next::More(row) => {
                inbound.queue.enqueue(&WorkInbox {
                    inbox_id: row.id.to_string(),
                });
                return Ok(());
            }
            Next::Lost => return Ok(()),
            // Those who came since and found it claimed have left it to this worker.
            Next::Nothing => {
                let came = rows::first(&inbound.database, key, inbound.clock.now())
                    .await
                    .map_err(JobError::retry)?;
                if split(came, inbound.clock.now()).now.is_empty() {
                    return Ok(());
                }
            }
        }
    }
}

async fn ring_at(inbound: &Inbound, row: &Model) -> Result<(), JobError> {
    let job = WorkInbox {
        inbox_id: row.id.to_string(),
    };
    inbound
        .queue
        .push_at(&job, row.due_at)
        .await
        .map_err(JobError::retry)
}

/// Works what waits, batch by batch.
async fn work_turn(inbound: &Arc<Inbound>, turn: &SequenceClaim) -> Result<Next, JobError> {
    let began = Instant::now();
    loop {
        let waiting = settled_rows(inbound, &turn.key).await.map_err(JobError::retry)?;
        let split = split(waiting, inbound.clock.now());
        let Some(first) = split.now.first() else {
            return Ok(split.held.map_or(Next::Nothing, Next::Held));
        };
        if began.elapsed() > JOB_MAX {
            return Ok(Next::More(first.clone()));
        }
        if let Some(end) = work_batch(inbound, turn, split.now).await? {
            return Ok(end);
        }
    }
}

/// What waits. Where several came just now, those that come a moment after are waited for.
async fn settled_rows(inbound: &Inbound, key: &str) -> Result<Vec<Model>, sea_orm::DbErr> {
    let waiting = rows::first(&inbound.database, key, inbound.clock.now()).await?;
    let newest = waiting.iter().map(|row| row.received_at).max();
    let Some(newest) = newest.filter(|_| waiting.len() > 1) else {
        return Ok(waiting);
    };
    let left = (newest + SETTLING - inbound.clock.now()).min(SETTLING);
    if !left.is_positive() {
        return Ok(waiting);
    }
    tokio::time::sleep(left.unsigned_abs()).await;
    rows::first(&inbound.database, key, inbound.clock.now()).await
}

/// Works some requests, in order, up to one that the others wait for; what ends the work on the sequence.
async fn work_batch(
    inbound: &Arc<Inbound>,
    turn: &SequenceClaim,
    batch: Vec<Model>,
) -> Result<Option<Next>, JobError> {
    if !begin(inbound, turn, &batch).await? {
        return Ok(Some(Next::Lost));
    }
    let (mut tried, mut settled) = (Vec::new(), rows::BatchOutcome::default());
    let mut batch = batch.into_iter();
    for mut row in batch.by_ref() {
        row.attempts += 1;
        let Some(tried_row) = attempt(inbound, turn, &row).await? else {
            return Ok(Some(Next::Lost));
        };
        settled
            .verdicts
            .push((row.id, row.attempts, tried_row.verdict.clone()));
        let held_until = match &tried_row.verdict {
            AttemptOutcome::Later { due_at, .. } if holds(row.attempts, *due_at, inbound.clock.now()) => {
                Some(*due_at)
            }
            AttemptOutcome::Later { .. } => {
                overtaken(&row);
                None
            }
            AttemptOutcome::Done | AttemptOutcome::Forgotten | AttemptOutcome::Failed { .. } => None,
        };
        tried.push((row, tried_row));
        if held_until.is_some() {
            settled.held_until = held_until;
            break;
        }
    }
    settled.untried = batch.map(|row| row.id).collect();
    if !settle(inbound, turn, &settled).await? {
        return Ok(Some(Next::Lost));
    }
    let held = settled.held_until.and_then(|due_at| {
        let (row, _) = tried.last()?;
        Some(Next::Held(Model {
            due_at,
            ..row.clone()
        }))
    });
    let last = tried.len() - 1;
    for (number, (row, tried)) in tried.iter().enumerate() {
        // The one that holds up the others is rung for when the sequence is let go.
        let rings = held.is_none() || number < last;
        work::conclude(inbound, row, tried, rings).await;
    }
    Ok(held)
}

fn overtaken(row: &Model) {
    metrics::counter!("tocsin_slack_inbox_overtaken_total").increment(1);
    tracing::warn!(
        inbox.id = %row.id,
        slack.key = row.slack_key,
        "{} is tried again later, and what came after it in its thread goes first",
        row.slack_key
    );
}

/// Counts a try of each; whether the sequence is still this worker's.
async fn begin(inbound: &Inbound, turn: &SequenceClaim, batch: &[Model]) -> Result<bool, JobError> {
    let (turn, ids) = (turn.clone(), batch.iter().map(|row| row.id).collect::<Vec<_>>());
    let clock = inbound.clock.clone();
    let write = inbound.writer.write(move |tx| {
        let (turn, ids, now) = (turn.clone(), ids.clone(), clock.now());
        async move {
            let holds = turn.prolong(tx, now).await?;
            if holds {
                rows::begin(tx, &ids).await?;
            }
            Ok(holds)
        }
        .boxed()
    });
    write.await.map_err(JobError::retry)
}

async fn settle(
    inbound: &Inbound,
    turn: &SequenceClaim,
    settled: &rows::BatchOutcome,
) -> Result<bool, JobError> {
    let (turn, settled, clock) = (turn.clone(), settled.clone(), inbound.clock.clone());
    let write = inbound.writer.write(move |tx| {
        let (turn, settled, now) = (turn.clone(), settled.clone(), clock.now());
        async move { rows::settle(tx, &turn, &settled, now).await }.boxed()
    });
    write.await.map_err(JobError::retry)
}

/// Tries a request, and keeps the claim alive meanwhile; none where the claim was lost.
async fn attempt(
    inbound: &Arc<Inbound>,
    turn: &SequenceClaim,
    row: &Model,
) -> Result<Option<AttemptResult>, JobError> {
    let trying = AssertUnwindSafe(work::attempt(inbound, row, Instant::now())).catch_unwind();
    let mut trying = std::pin::pin!(trying);
    loop {
        let beat = tokio::time::sleep(HEARTBEAT);
        tokio::select! {
            tried = &mut trying => return Ok(Some(tried.unwrap_or_else(|_| work::panicked(inbound, row)))),
            () = beat => {
                let holds = turn.prolong(inbound.database.write(), inbound.clock.now()).await;
                if !holds.map_err(JobError::retry)? {
                    return Ok(None);
                }
            }
        }
    }
}
