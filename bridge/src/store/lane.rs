//! Group commit: what many jobs want written at the same moment is written in one transaction.
//!
//! A commit costs a flush to the disk, and SQLite has one writer; a burst of posts would spend its time in commits. Whoever comes
//! first writes for all who wait; the others find their answer. Without company, a write is an ordinary transaction.

use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use sea_orm::{DatabaseTransaction, DbErr};
use tocsin_database::{Database, DatabaseFault};
use tokio::sync::oneshot;

/// The most writes of one transaction: what other writers must wait for stays short.
const BATCH: usize = 128;

/// The way in which the bridge writes. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Lane {
    database: Database,
    waiting: Arc<Mutex<Vec<Box<dyn Write>>>>,
    /// Held by whoever writes for all.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl std::fmt::Debug for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lane").finish_non_exhaustive()
    }
}

/// A write with its answer's type forgotten.
trait Write: Send {
    fn run<'a>(&'a mut self, tx: &'a DatabaseTransaction) -> BoxFuture<'a, Result<(), DbErr>>;
    /// The transaction is committed: the answer may go out.
    fn committed(self: Box<Self>);
    fn failed(self: Box<Self>, error: DbErr);
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
}

impl Lane {
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
        let (answer, mut answered) = oneshot::channel();
        self.queue().push(Box::new(Pending {
            write,
            value: None,
            answer,
        }));
        let turn = self.turn.lock().await;
        if let Ok(outcome) = answered.try_recv() {
            return outcome;
        }
        // Not done by those before: whoever is at the front of the queue is written now, until this write is.
        loop {
            let batch = self.next_batch();
            if batch.is_empty() {
                drop(turn);
                let lost = |_| {
                    Err(DbErr::Custom(
                        "a write was given up by the one who made it".to_owned(),
                    ))
                };
                return answered.await.unwrap_or_else(lost);
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
        let size = queue.len().min(BATCH);
        queue.drain(..size).collect()
    }

    async fn write_batch(&self, mut batch: Vec<Box<dyn Write>>) {
        metrics::histogram!("tocsin_bridge_write_batch").record(size(batch.len()));
        match self.together(&mut batch).await {
            Ok(()) => batch.into_iter().for_each(Write::committed),
            // On a full disk, say, none of them fares better alone, and each would wait as long again.
            Err(error) if batch.len() == 1 || DatabaseFault::of(&error).concerns_all() => {
                for write in batch {
                    write.failed(error.clone());
                }
            }
            Err(error) => {
                tracing::warn!(%error, "{} writes failed together and are made one by one: {error}", batch.len());
                for write in batch {
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

#[expect(clippy::cast_precision_loss, reason = "a batch is small")]
fn size(batch: usize) -> f64 {
    batch as f64
}
