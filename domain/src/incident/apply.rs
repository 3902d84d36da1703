//! The one place where an incident changes.
//!
//! Commands that arrive together are written together: one writer in each process takes what is waiting and writes it in one
//! transaction. One commit for many commands is what lets thousands of triggers a second through a disk that syncs each
//! commit, and it orders a process's changes without its writers waiting for one another's locks.

use std::sync::Arc;

use sea_orm::DbErr;
use time::OffsetDateTime;
use tocsin_clock::Clock;
use tocsin_database::{Database, DatabaseFault};
use tocsin_entity::{incident, kinds::EntryKind, timeline_entry};
use tokio::sync::{mpsc, oneshot};

use super::{batch, command::IncidentCommand, error::IncidentError};
use crate::{actor::Actor, error::InternalError, idempotency::KeyUse};

/// Most commands in one transaction.
const BATCH_MAX: usize = 512;
/// Most commands that wait for the writer before a caller is told that Tocsin is overloaded.
const WAITING_MAX: usize = 4_096;
/// Most batches that are written and not told yet: a batch is told while the next is written.
const UNTOLD_MAX: usize = 2;
/// How often a transaction that failed as a whole is made again: a race with another replica is over by then.
const TRIES: u32 = 3;

/// What a command came to.
#[derive(Debug, Clone)]
pub struct CommandOutcome {
    /// The incident as it is now.
    pub incident: incident::Model,
    /// The entry that tells of the change; none where there was no change.
    pub entry: Option<timeline_entry::Model>,
    /// Whether this very command changed it.
    pub changed: bool,
    /// When the timer is due that it set, where it set one.
    pub timer_due_at: Option<OffsetDateTime>,
}

/// A command, who gives it, and the key that makes it repeatable.
#[derive(Debug, Clone)]
pub(crate) struct CommandRequest {
    /// Who gives it.
    pub(crate) actor: Actor,
    /// What is asked.
    pub(crate) command: IncidentCommand,
    /// The idempotency key, where the caller gave one.
    pub(crate) idempotency: Option<KeyUse>,
}

struct Waiting {
    order: CommandRequest,
    answer: oneshot::Sender<Result<CommandOutcome, IncidentError>>,
}

/// A batch that was written, of which nobody has been told yet.
struct Written {
    orders: Vec<CommandRequest>,
    answers: Vec<oneshot::Sender<Result<CommandOutcome, IncidentError>>>,
    results: Vec<Result<CommandOutcome, IncidentError>>,
}

impl Written {
    /// Tells of each change, and answers each caller.
    fn tell(self, told: &impl Fn(&CommandRequest, &CommandOutcome)) {
        for ((order, answer), result) in self.orders.iter().zip(self.answers).zip(self.results) {
            if let Ok(applied) = &result
                && applied.changed
            {
                told(order, applied);
            }
            // A caller that has gone away needs no answer: its change is made all the same.
            let _gone = answer.send(result);
        }
    }
}

/// Hands commands to the one writer. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct IncidentWriter {
    door: mpsc::Sender<Waiting>,
}

impl IncidentWriter {
    /// Starts the writer. `told` hears of each change after its commit, in the order of the commits. It ends when its last handle is dropped.
    pub(crate) fn open(
        database: Database,
        clock: Clock,
        told: impl Fn(&CommandRequest, &CommandOutcome) + Send + 'static,
    ) -> Self {
        metrics::describe_histogram!(
            "tocsin_write_batch_size",
            "Changes of incidents that were written together, in one transaction."
        );
        let (door, mut waiting) = mpsc::channel::<Waiting>(WAITING_MAX);
        let (written, mut to_tell) = mpsc::channel::<Written>(UNTOLD_MAX);
        tokio::spawn(async move {
            while let Some(written) = to_tell.recv().await {
                written.tell(&told);
            }
        });
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(BATCH_MAX);
            while waiting.recv_many(&mut batch, BATCH_MAX).await > 0 {
                metrics::histogram!("tocsin_write_batch_size")
                    .record(u32::try_from(batch.len()).map_or(f64::MAX, f64::from));
                let (orders, answers): (Vec<_>, Vec<_>) = batch
                    .drain(..)
                    .map(|waiting| (waiting.order, waiting.answer))
                    .unzip();
                let results = write_all(&database, &clock, &orders).await;
                let unreachable = results.iter().find_map(unreachable);
                let batch = Written {
                    orders,
                    answers,
                    results,
                };
                if written.send(batch).await.is_err() {
                    // It has panicked. A writer whose changes nobody hears of takes no more.
                    return;
                }
                if let Some(fault) = unreachable {
                    turn_away(&mut waiting, &fault);
                }
            }
        });
        Self { door }
    }

    /// Gives a command, and waits until it is written or refused.
    ///
    /// # Errors
    /// The refusal, or a fault of the database's.
    pub(crate) async fn apply(&self, order: CommandRequest) -> Result<CommandOutcome, IncidentError> {
        let (answer, result) = oneshot::channel();
        self.door
            .try_send(Waiting { order, answer })
            .map_err(|_| InternalError::Unavailable("too many changes wait to be written"))?;
        result
            .await
            .map_err(|_| InternalError::Unavailable("the writer has ended"))?
    }
}

/// The fault of an answer, where the database can't be reached.
fn unreachable(answer: &Result<CommandOutcome, IncidentError>) -> Option<InternalError> {
    match answer {
        Err(IncidentError::Fault(InternalError::Database(error)))
            if DatabaseFault::of(error).concerns_all() =>
        {
            Some(InternalError::Database(Arc::clone(error)))
        }
        _ => None,
    }
}

/// Answers those who came while the database could not be reached: each would wait for it as long again.
fn turn_away(waiting: &mut mpsc::Receiver<Waiting>, fault: &InternalError) {
    while let Ok(late) = waiting.try_recv() {
        let _gone = late.answer.send(Err(fault.clone().into()));
    }
}

/// Says in the log that an incident began.
pub(crate) fn tell_log(order: &CommandRequest, applied: &CommandOutcome) {
    let (incident, entry) = (&applied.incident, &applied.entry);
    if entry
        .as_ref()
        .is_some_and(|entry| entry.kind == EntryKind::Triggered)
    {
        tracing::info!(
            incident.id = %incident.id,
            organization.id = %incident.organization_id,
            request.id = order.actor.request_id,
            "triggered incident #{}",
            incident.number
        );
    }
}

/// Writes the orders in one transaction; if that fails as a whole again and again, each in its own.
async fn write_all(
    database: &Database,
    clock: &Clock,
    orders: &[CommandRequest],
) -> Vec<Result<CommandOutcome, IncidentError>> {
    let failed = match write_together(database, clock, orders).await {
        Ok(answers) => return answers,
        Err(failed) => failed,
    };
    let error = match failed {
        // Without a connection, say, none of them fares better alone.
        Failed::Before(error) if orders.len() == 1 || DatabaseFault::of(&error).concerns_all() => {
            return vec![Err(InternalError::from(error).into()); orders.len()];
        }
        Failed::Before(error) => error,
        // What may be written already is not written again.
        Failed::AtCommit(error) => return vec![Err(InternalError::unsure(error).into()); orders.len()],
    };
    tracing::warn!(
        "{} changes could not be written together, each is tried alone: {error}",
        orders.len()
    );
    let mut answers = Vec::with_capacity(orders.len());
    for order in orders {
        answers.push(
            match write_together(database, clock, std::slice::from_ref(order)).await {
                Ok(mut one) => one
                    .pop()
                    .unwrap_or(Err(InternalError::Unavailable("the writer gave no answer").into())),
                Err(Failed::Before(error)) => Err(InternalError::from(error).into()),
                Err(Failed::AtCommit(error)) => Err(InternalError::unsure(error).into()),
            },
        );
    }
    answers
}

/// A write that failed.
enum Failed {
    /// Before the commit: nothing was written, and it may be tried again.
    Before(DbErr),
    /// At the commit: nobody knows. The caller may ask again with the same idempotency key.
    AtCommit(DbErr),
}

async fn write_together(
    database: &Database,
    clock: &Clock,
    orders: &[CommandRequest],
) -> Result<Vec<Result<CommandOutcome, IncidentError>>, Failed> {
    let mut tries = 0;
    loop {
        tries += 1;
        match write_once(database, clock, orders).await {
            Err(Failed::Before(error)) if tries < TRIES && !DatabaseFault::of(&error).concerns_all() => {
                tracing::debug!("a write failed and is tried again: {error}");
            }
            done => return done,
        }
    }
}

async fn write_once(
    database: &Database,
    clock: &Clock,
    orders: &[CommandRequest],
) -> Result<Vec<Result<CommandOutcome, IncidentError>>, Failed> {
    let tx = database.begin_write().await.map_err(Failed::Before)?;
    let answers = batch::write(&tx, orders, clock.now())
        .await
        .map_err(Failed::Before)?;
    tx.commit().await.map_err(Failed::AtCommit)?;
    Ok(answers)
}
