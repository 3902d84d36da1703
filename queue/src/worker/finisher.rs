//! Carries verdicts to the backend, in batches, and for as long as it takes.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;

use super::run::JobOutcome;
use crate::{
    breaker::Breaker,
    error::QueueError,
    local::LocalJobs,
    store::{Store, WorkerRegistration},
    supervise::outage_pause,
    task::NewTask,
};

/// How many verdicts are carried at once.
const BATCH: usize = 256;

/// Writes down how the jobs of one consumer ended.
pub(super) struct Finisher {
    pub(super) store: Arc<Store>,
    pub(super) breaker: Arc<Breaker>,
    pub(super) local: Arc<LocalJobs>,
    pub(super) registration: WorkerRegistration,
}

impl Finisher {
    /// Carries verdicts until the last sender is gone. A job stays held until its verdict has arrived.
    pub(super) async fn carry(self, mut verdicts: UnboundedReceiver<JobOutcome>) {
        let mut pause = outage_pause();
        let mut batch = Vec::with_capacity(BATCH);
        while verdicts.recv_many(&mut batch, BATCH).await > 0 {
            let (ids, mut again) = split(&mut batch);
            loop {
                if !self.breaker.works() {
                    // The next run does not wait for the backend; the end of the last one must.
                    again = self.local.put_all(again);
                    self.breaker.until_works().await;
                }
                match self.settle(&ids, &again).await {
                    Ok(()) => break,
                    Err(error) => {
                        self.breaker.failed(&error);
                        tokio::time::sleep(pause.next()).await;
                    }
                }
            }
            pause.reset();
            self.registration.held.remove(&ids);
        }
    }

    /// First the next runs, then the end of the last ones: a crash in between doubles a job, and loses none.
    async fn settle(&self, ids: &[String], again: &[NewTask]) -> Result<(), QueueError> {
        if !again.is_empty() {
            self.store.push(again).await?;
        }
        if ids.is_empty() {
            return Ok(());
        }
        self.store.finish(&self.registration, ids).await
    }
}

fn split(batch: &mut Vec<JobOutcome>) -> (Vec<String>, Vec<NewTask>) {
    let mut again = Vec::new();
    let ids = batch
        .drain(..)
        .filter_map(|verdict| {
            again.extend(verdict.again.map(|task| *task));
            verdict.id
        })
        .collect();
    (ids, again)
}
