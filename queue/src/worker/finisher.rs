//! Carries verdicts to the backend, in batches, and for as long as it takes.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::mpsc::UnboundedReceiver;

use super::run::Verdict;
use crate::{
    error::QueueError,
    store::{Seat, Store},
    supervise::{Outage, outage_pause},
    task::NewTask,
};

/// How many verdicts are carried at once.
const BATCH: usize = 256;

/// The ids of what a lane has taken and not yet finished. What the backend believes to be with the lane and is not in here,
/// nobody works on.
#[derive(Debug, Default)]
pub(super) struct Held(Mutex<HashSet<String>>);

impl Held {
    fn lock(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add<'a>(&self, ids: impl Iterator<Item = &'a str>) {
        self.lock().extend(ids.map(ToOwned::to_owned));
    }

    pub(super) fn ids(&self) -> Vec<String> {
        self.lock().iter().cloned().collect()
    }

    fn remove(&self, ids: &[String]) {
        let mut held = self.lock();
        for id in ids {
            held.remove(id);
        }
    }
}

/// Carries verdicts until the last sender is gone. A job stays held until its verdict has arrived.
pub(super) async fn carry(
    store: Arc<Store>,
    seat: Seat,
    held: Arc<Held>,
    mut verdicts: UnboundedReceiver<Verdict>,
) {
    let outage = Outage::of(format!("finishing {} jobs", seat.name));
    let mut pause = outage_pause();
    let mut batch = Vec::with_capacity(BATCH);
    while verdicts.recv_many(&mut batch, BATCH).await > 0 {
        let (ids, again) = split(&mut batch);
        while let Err(error) = settle(&store, &seat, &ids, &again).await {
            outage.failed(&error);
            tokio::time::sleep(pause.next()).await;
        }
        outage.worked();
        pause.reset();
        held.remove(&ids);
    }
}

fn split(batch: &mut Vec<Verdict>) -> (Vec<String>, Vec<NewTask>) {
    let mut again = Vec::new();
    let ids = batch
        .drain(..)
        .map(|verdict| {
            again.extend(verdict.again.map(|task| *task));
            verdict.id
        })
        .collect();
    (ids, again)
}

/// First the next runs, then the end of the last ones: a crash in between doubles a job, and loses none.
async fn settle(store: &Store, seat: &Seat, ids: &[String], again: &[NewTask]) -> Result<(), QueueError> {
    if !again.is_empty() {
        store.push(again).await?;
    }
    store.finish(seat, ids).await
}
