//! Group commit: what many jobs want written at the same moment is written in one transaction.
//!
//! A commit costs a flush to the disk, and SQLite has one writer; a burst of posts would spend its time in commits. Whoever comes
//! first writes for all who wait; the others find their answer. Without company, a write is an ordinary transaction.
//!
//! Writes of one kind that implement [`GroupWrite`] share not only the transaction but also its statements.

use std::{
    any::Any,
    sync::{Arc, Mutex, PoisonError},
};

use futures::future::BoxFuture;
use sea_orm::{DatabaseTransaction, DbErr};
use tocsin_database::{Database, DatabaseFault};
use tokio::sync::oneshot;

/// The most writes of one transaction: what other writers must wait for stays short.
const BATCH: usize = 128;

/// How often writes are made together that PostgreSQL gave up for a deadlock with another worker's.
const DEADLOCKS_MAX: usize = 3;

/// The way in which the bridge writes. Cheap to clone.
#[derive(Clone)]
pub(crate) struct GroupWriter {
    database: Database,
    waiting: Arc<Mutex<Vec<Box<dyn Write>>>>,
    /// Held by whoever writes for all.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl std::fmt::Debug for GroupWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lane").finish_non_exhaustive()
    }
}

/// A write of which many take few statements. It locks rows of incidents or digests, which all workers claim, in the order of their ids. On
/// PostgreSQL a transaction has one group and nothing else, so that no worker holds a row of one kind while it waits for another's.
pub(crate) trait GroupWrite: Send + Sync + Sized + 'static {
    /// What whoever writes is told.
    type Answer: Send + 'static;

    /// Makes all of them; an answer for each, in their order. It may be run twice.
    fn write_all(
        all: &[Self],
        tx: &DatabaseTransaction,
    ) -> impl Future<Output = Result<Vec<Self::Answer>, DbErr>> + Send;
}

/// A write with its answer's type forgotten.
trait Write: Send {
    fn run<'a>(&'a mut self, tx: &'a DatabaseTransaction) -> BoxFuture<'a, Result<(), DbErr>>;
    /// The transaction is committed: the answer may go out.
    fn committed(self: Box<Self>);
    fn failed(self: Box<Self>, error: DbErr);
    /// How many it is.
    fn count(&self) -> usize;
    /// Whether it locks rows that other workers want as well.
    fn is_contended(&self) -> bool;
    /// The same, each by itself.
    fn apart(self: Box<Self>) -> Vec<Box<dyn Write>>;
    /// For whoever looks for a group to join.
    fn as_any(&mut self) -> &mut dyn Any;
}

struct Pending<T, F> {
    write: F,
    value: Option<T>,
    answer: oneshot::Sender<Result<T, DbErr>>,
}

impl<T, F> Write for Pending<T, F>
where
    T: Send + 'static,
    F: for<'a> Fn(&'a DatabaseTransaction) -> BoxFuture<'a, Result<T, DbErr>> + Send + 'static,
{
    fn run<'a>(&'a mut self, tx: &'a DatabaseTransaction) -> BoxFuture<'a, Result<(), DbErr>> {
        let write = (self.write)(tx);
        let value = &mut self.value;
        Box::pin(async move {
            *value = Some(write.await?);
            Ok(())
        })
    }

    fn committed(self: Box<Self>) {
        let Self { value, answer, .. } = *self;
        let outcome = value.ok_or_else(|| DbErr::Custom("the write did not run".to_owned()));
        // Whoever asked may have gone; the write is done all the same.
        let _gone = answer.send(outcome);
    }

    fn failed(self: Box<Self>, error: DbErr) {
        let _gone = self.answer.send(Err(error));
    }

    fn count(&self) -> usize {
        1
    }

    fn is_contended(&self) -> bool {
        false
    }

    fn apart(self: Box<Self>) -> Vec<Box<dyn Write>> {
        vec![self]
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// Writes of one kind that wait together.
struct Group<W: GroupWrite> {
    writes: Vec<W>,
    values: Vec<W::Answer>,
    answers: Vec<AnswerSender<W::Answer>>,
}

/// Where an answer goes.
type AnswerSender<T> = oneshot::Sender<Result<T, DbErr>>;

impl<W: GroupWrite> Group<W> {
    fn of(write: W, answer: AnswerSender<W::Answer>) -> Self {
        Self {
            writes: vec![write],
            values: Vec::new(),
            answers: vec![answer],
        }
    }

    fn add(&mut self, write: W, answer: AnswerSender<W::Answer>) {
        self.writes.push(write);
        self.answers.push(answer);
    }
}

impl<W: GroupWrite> Write for Group<W> {
    fn run<'a>(&'a mut self, tx: &'a DatabaseTransaction) -> BoxFuture<'a, Result<(), DbErr>> {
        Box::pin(async move {
            let values = W::write_all(&self.writes, tx).await?;
            if values.len() != self.writes.len() {
                return Err(DbErr::Custom(
                    "a group of writes was not answered in full".to_owned(),
                ));
            }
            self.values = values;
            Ok(())
        })
    }

    fn committed(self: Box<Self>) {
        let Self { values, answers, .. } = *self;
        for (answer, value) in answers.into_iter().zip(values) {
            let _gone = answer.send(Ok(value));
        }
    }

    fn failed(self: Box<Self>, error: DbErr) {
        for answer in self.answers {
            let _gone = answer.send(Err(error.clone()));
        }
    }

    fn count(&self) -> usize {
        self.writes.len()
    }

    fn is_contended(&self) -> bool {
        true
    }

    fn apart(self: Box<Self>) -> Vec<Box<dyn Write>> {
        let Self { writes, answers, .. } = *self;
        let each = writes.into_iter().zip(answers);
        each.map(|(write, answer)| Box::new(Self::of(write, answer)) as Box<dyn Write>)
            .collect()
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

impl GroupWriter {
    pub(crate) fn new(database: Database) -> Self {
        Self {
            database,
            waiting: Arc::default(),
            turn: Arc::default(),
        }
    }

    /// Writes, and returns when it is committed. The write may be run twice: a failure in company is tried again alone.
    pub(crate) async fn write<T, F>(&self, write: F) -> Result<T, DbErr>
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a DatabaseTransaction) -> BoxFuture<'a, Result<T, DbErr>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.queue().push(Box::new(Pending {
            write,
            value: None,
            answer,
        }));
        self.written(answered).await
    }

    /// The same, by the statements of all writes of this kind that wait.
    pub(crate) async fn write_in_group<W: GroupWrite>(&self, write: W) -> Result<W::Answer, DbErr> {
        let (answer, answered) = oneshot::channel();
        self.join(write, answer);
        self.written(answered).await
    }

    fn join<W: GroupWrite>(&self, write: W, answer: AnswerSender<W::Answer>) {
        let mut queue = self.queue();
        let groups = queue
            .iter_mut()
            .filter_map(|waiting| waiting.as_any().downcast_mut::<Group<W>>());
        let mut open = groups.filter(|group| group.count() < BATCH);
        match open.next() {
            Some(group) => group.add(write, answer),
            None => queue.push(Box::new(Group::of(write, answer))),
        }
    }

    /// Writes for all who wait, until this one is answered.
    async fn written<T>(&self, mut answered: oneshot::Receiver<Result<T, DbErr>>) -> Result<T, DbErr> {
        let turn = self.turn.lock().await;
        match answered.try_recv() {
            Ok(outcome) => return outcome,
            // Whoever had it to write was dropped.
            Err(oneshot::error::TryRecvError::Closed) => return Err(given_up()),
            Err(oneshot::error::TryRecvError::Empty) => {}
        }
        // Not done by those before: whoever is at the front of the queue is written now, until this write is.
        loop {
            let batch = self.next_batch();
            if batch.is_empty() {
                drop(turn);
                return answered.await.unwrap_or_else(|_| Err(given_up()));
            }
            self.write_batch(batch).await;
            if let Ok(outcome) = answered.try_recv() {
                return outcome;
            }
        }
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Vec<Box<dyn Write>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_batch(&self) -> Vec<Box<dyn Write>> {
        let mut queue = self.queue();
        let is_apart = !self.database.is_sqlite();
        let (mut writes, mut size) = (0, 0);
        for waiting in queue.iter() {
            writes += waiting.count();
            if writes > BATCH || is_apart && waiting.is_contended() && size > 0 {
                break;
            }
            size += 1;
            if is_apart && waiting.is_contended() {
                break;
            }
        }
        queue.drain(..size).collect()
    }

    async fn write_batch(&self, mut batch: Vec<Box<dyn Write>>) {
        let count = batch.iter().map(|write| write.count()).sum();
        metrics::histogram!("tocsin_bridge_write_batch").record(size(count));
        let mut outcome = self.together(&mut batch).await;
        for _ in 1..DEADLOCKS_MAX {
            let is_deadlock = |error: &DbErr| DatabaseFault::of(error) == DatabaseFault::Deadlock;
            if outcome.as_ref().is_err_and(is_deadlock) {
                outcome = self.together(&mut batch).await;
            }
        }
        match outcome {
            Ok(()) => batch.into_iter().for_each(Write::committed),
            // On a full disk, say, none of them fares better alone, and each would wait as long again.
            Err(error) if count == 1 || DatabaseFault::of(&error).concerns_all() => {
                for write in batch {
                    write.failed(error.clone());
                }
            }
            Err(error) => {
                tracing::warn!(%error, "{count} writes failed together and are made one by one: {error}");
                for write in batch.into_iter().flat_map(Write::apart) {
                    let mut alone = vec![write];
                    let outcome = self.together(&mut alone).await;
                    for write in alone {
                        match &outcome {
                            Ok(()) => write.committed(),
                            Err(error) => write.failed(error.clone()),
                        }
                    }
                }
            }
        }
    }

    async fn together(&self, batch: &mut [Box<dyn Write>]) -> Result<(), DbErr> {
        let tx = self.database.begin_write().await?;
        for write in batch {
            write.run(&tx).await?;
        }
        tx.commit().await
    }
}

fn given_up() -> DbErr {
    DbErr::Custom("a write was given up by the one who made it".to_owned())
}

#[expect(clippy::cast_precision_loss, reason = "a batch is small")]
fn size(batch: usize) -> f64 {
    batch as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::sqlite;

    /// A write that fails where a 13 is among those that are written together.
    struct Number(i32);

    impl GroupWrite for Number {
        type Answer = (i32, usize);

        async fn write_all(all: &[Self], _: &DatabaseTransaction) -> Result<Vec<Self::Answer>, DbErr> {
            if all.iter().any(|number| number.0 == 13) {
                return Err(DbErr::Custom("unlucky".to_owned()));
            }
            Ok(all.iter().map(|number| (number.0, all.len())).collect())
        }
    }

    #[tokio::test]
    async fn writes_of_one_kind_that_wait_are_made_together_and_a_failure_is_one_s_alone() {
        let own = sqlite().await;
        let writer = GroupWriter::new(own.database.clone());
        let number = |number| writer.write_in_group(Number(number));
        // While the first is written, the others wait.
        let first = || writer.write(|_| Box::pin(async { Ok(()) }));
        let (done, one, two) = tokio::join!(first(), number(1), number(2));
        assert_eq!((done, one, two), (Ok(()), Ok((1, 2)), Ok((2, 2))));
        let (_, one, unlucky, two) = tokio::join!(first(), number(1), number(13), number(2));
        assert_eq!((one, two), (Ok((1, 1)), Ok((2, 1))));
        assert!(unlucky.is_err());
    }
}
