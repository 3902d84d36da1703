//! Carries verdicts to the backend, in batches, and for as long as it takes.

use std::sync::Arc;

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

/// Carries verdicts until the last sender is gone. A job stays held until its verdict has arrived.
pub(super) async fn carry(store: Arc<Store>, seat: Seat, mut verdicts: UnboundedReceiver<Verdict>) {
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
        seat.held.remove(&ids);
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
