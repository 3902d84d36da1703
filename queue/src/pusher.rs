//! Carries rings from callers, who never wait, to the backend, which may be away.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use crate::{
    breaker::Breaker,
    error::QueueError,
    local::LocalJobs,
    store::Store,
    supervise::outage_pause,
    task::{JobEnvelope, NewTask},
    wakeups::Wakeups,
};

/// How many rings wait in memory before further ones are dropped.
const CAPACITY: usize = 20_000;

/// How many rings are stored at once.
const BATCH: usize = 500;

/// After how many failures in a row a batch is dropped although the backend answers: then it is the batch that is wrong.
const FAILURES_OF_A_BATCH: u32 = 5;

/// How long a ring is worth storing. Longer than any pause between two looks into the database: what was rung for has been
/// found by then, and after a long outage the backend is not filled with what is done already.
const STALE_AFTER: Duration = Duration::from_secs(30);

/// How long the last rings may take to be stored when the queue is dropped.
const FAREWELL: Duration = Duration::from_secs(1);

type Key = (&'static str, String);

/// Rings that wait to be stored, one for each job name and key.
#[derive(Debug)]
pub(crate) struct Buffer {
    inner: Mutex<BufferedJobs>,
    filled: Notify,
    /// Whether everything that was rung has been stored.
    idle: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct BufferedJobs {
    order: VecDeque<Key>,
    by_key: HashMap<Key, BufferedJob>,
    /// Whether rings are being dropped, which is logged once.
    overflowing: bool,
}

/// A ring that waits.
#[derive(Debug)]
struct BufferedJob {
    envelope: JobEnvelope,
    since: Instant,
}

impl Buffer {
    pub(crate) fn new() -> Self {
        Self {
            inner: Mutex::default(),
            filled: Notify::new(),
            idle: watch::Sender::new(true),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BufferedJobs> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a ring, or drops it when there is no room. A later ring replaces an earlier one of the same key.
    pub(crate) fn put(&self, task: NewTask) {
        let key = (task.name, task.envelope.key.clone());
        let ring = BufferedJob {
            envelope: task.envelope,
            since: Instant::now(),
        };
        let mut rings = self.lock();
        if let Some(waiting) = rings.by_key.get_mut(&key) {
            *waiting = ring;
            return;
        }
        if rings.order.len() >= CAPACITY {
            let first = !std::mem::replace(&mut rings.overflowing, true);
            drop(rings);
            metrics::counter!("tocsin_queue_dropped_total", "job" => task.name).increment(1);
            if first {
                warn!(
                    job.name = task.name,
                    "{CAPACITY} rings wait to be stored, further ones are dropped"
                );
            }
            return;
        }
        rings.order.push_back(key.clone());
        rings.by_key.insert(key, ring);
        self.idle.send_replace(false);
        drop(rings);
        self.filled.notify_one();
    }

    fn take(&self) -> Vec<Waiting> {
        let mut rings = self.lock();
        let count = rings.order.len().min(BATCH);
        let keys: Vec<Key> = rings.order.drain(..count).collect();
        let taken = keys.into_iter().filter_map(|key| {
            let ring = rings.by_key.remove(&key)?;
            let task = NewTask {
                name: key.0,
                envelope: ring.envelope,
            };
            Some(Waiting {
                task,
                since: ring.since,
            })
        });
        taken.collect()
    }

    /// Puts rings back that could not be stored, except where their key was rung again meanwhile.
    fn put_back(&self, batch: Vec<Waiting>) {
        let mut rings = self.lock();
        for Waiting { task, since } in batch.into_iter().rev() {
            let key = (task.name, task.envelope.key.clone());
            if !rings.by_key.contains_key(&key) {
                let envelope = task.envelope;
                rings.order.push_front(key.clone());
                rings.by_key.insert(key, BufferedJob { envelope, since });
            }
        }
    }

    /// Notes that a batch was stored.
    fn stored(&self) {
        let mut rings = self.lock();
        if rings.order.len() < CAPACITY / 2 {
            rings.overflowing = false;
        }
        if rings.order.is_empty() {
            self.idle.send_replace(true);
        }
    }

    /// Waits until everything that was rung has been stored.
    pub(crate) async fn flushed(&self) {
        let mut idle = self.idle.subscribe();
        // Can't fail: the sender lives as long as `self`.
        let _idle = idle.wait_for(|idle| *idle).await;
    }
}

/// A ring that was taken from the buffer.
#[derive(Debug)]
struct Waiting {
    task: NewTask,
    since: Instant,
}

/// Stores what is rung, in batches of whatever has come while the last one was under way.
#[derive(Debug, Clone)]
pub(crate) struct Pusher {
    pub(crate) buffer: Arc<Buffer>,
    pub(crate) store: Arc<Store>,
    pub(crate) breaker: Arc<Breaker>,
    pub(crate) local: Arc<LocalJobs>,
    pub(crate) wakeups: Arc<Wakeups>,
    pub(crate) stop: CancellationToken,
}

impl Pusher {
    pub(crate) async fn run(self) {
        let mut pause = outage_pause();
        let mut failures = 0;
        loop {
            let batch = self.buffer.take();
            if batch.is_empty() {
                tokio::select! {
                    () = self.buffer.filled.notified() => continue,
                    () = self.stop.cancelled() => return,
                }
            }
            if !self.breaker.works() {
                self.go_round(batch);
                tokio::select! {
                    () = self.breaker.until_works() => continue,
                    // Rung by somebody who did not know yet that the backend fails.
                    () = self.buffer.filled.notified() => continue,
                    // Rung before the worker of this process had started.
                    () = self.local.until_served() => continue,
                    () = self.stop.cancelled() => return,
                }
            }
            let fresh = fresh(&batch);
            match self.push(&fresh).await {
                Ok(()) => {
                    pause.reset();
                    failures = 0;
                    self.buffer.stored();
                }
                Err(error) => {
                    self.breaker.failed(&error);
                    failures += 1;
                    if failures >= FAILURES_OF_A_BATCH && self.store.health().await.is_ok() {
                        drop_batch(&self.local.put_all(fresh), &error);
                        self.buffer.stored();
                        failures = 0;
                    } else {
                        self.go_round(batch);
                    }
                    tokio::select! {
                        () = tokio::time::sleep(pause.next()) => {}
                        () = self.stop.cancelled() => return,
                    }
                }
            }
        }
    }

    /// Gives to the workers of this process what they take; the others wait for the backend.
    fn go_round(&self, batch: Vec<Waiting>) {
        let kept = batch.into_iter().filter_map(|Waiting { task, since }| {
            let task = self.local.put(task).err()?;
            Some(Waiting { task, since })
        });
        self.buffer.put_back(kept.collect());
        self.buffer.stored();
    }

    async fn push(&self, batch: &[NewTask]) -> Result<(), QueueError> {
        if batch.is_empty() {
            return Ok(());
        }
        self.store.push(batch).await?;
        let mut names: Vec<&'static str> = Vec::new();
        for task in batch {
            metrics::counter!("tocsin_queue_pushed_total", "job" => task.name).increment(1);
            if !names.contains(&task.name) {
                names.push(task.name);
            }
        }
        for name in names {
            self.wakeups.ring(name);
        }
        Ok(())
    }

    /// Stores what is still in memory when nobody can ring any more.
    pub(crate) async fn say_farewell(&self) {
        let last = async {
            loop {
                let batch = self.buffer.take();
                if batch.is_empty() || self.push(&fresh(&batch)).await.is_err() {
                    break;
                }
            }
        };
        if tokio::time::timeout(FAREWELL, last).await.is_err() {
            warn!("the last rings could not be stored in {FAREWELL:?} and are lost");
        }
    }
}

/// Those that are still worth storing.
fn fresh(batch: &[Waiting]) -> Vec<NewTask> {
    let fresh = batch
        .iter()
        .filter(|waiting| waiting.since.elapsed() < STALE_AFTER);
    fresh.map(|waiting| waiting.task.clone()).collect()
}

fn drop_batch(batch: &[NewTask], cause: &QueueError) {
    if batch.is_empty() {
        return;
    }
    error!(
        "{} jobs can't be stored although the backend answers, and are dropped: {cause}",
        batch.len()
    );
    for task in batch {
        metrics::counter!("tocsin_queue_dropped_total", "job" => task.name).increment(1);
    }
}
