//! Jobs that wait in this process: while the backend fails, and whenever somebody has found in the database what the
//! backend should have brought.
//!
//! The same workers run them as run those of the backend, so that concurrency, the order of one key, retries and time
//! limits are the same. They end with the process: whoever found them finds them again.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    sync::{Notify, watch},
    time::Instant,
};

use crate::{
    task::{JobEnvelope, NewTask},
    wakeups::Wakeups,
};

/// How many jobs of one name wait in memory before further ones are dropped.
const CAPACITY: usize = 20_000;

/// When a job is due, and which of those due then it is. By the monotonic clock: a wall clock that is set back holds up nothing.
type QueueOrder = (Instant, u64);

/// The jobs that wait in this process, by name, for those names that a worker here has a handler for.
#[derive(Debug, Default)]
pub(crate) struct LocalJobs {
    names: Mutex<HashMap<&'static str, Waiting>>,
    wakeups: Wakeups,
    /// Told when a worker begins to take jobs.
    served: Notify,
}

/// Jobs of one name.
#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    by_due: BTreeMap<QueueOrder, JobEnvelope>,
    /// Jobs of one key that wait are one, as on the backend.
    by_key: HashMap<String, QueueOrder>,
}

/// That a worker in this process takes the jobs of some names; they are dropped with it.
#[derive(Debug)]
pub(crate) struct ServedNames {
    jobs: Arc<LocalJobs>,
    names: Vec<&'static str>,
}

impl Drop for ServedNames {
    fn drop(&mut self) {
        let mut names = self.jobs.lock();
        for name in &self.names {
            names.remove(name);
        }
    }
}

impl LocalJobs {
    fn lock(&self) -> MutexGuard<'_, HashMap<&'static str, Waiting>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes jobs of these names from now on.
    pub(crate) fn serve(self: &Arc<Self>, names: Vec<&'static str>) -> ServedNames {
        let mut served = self.lock();
        for name in &names {
            served.entry(name).or_default();
        }
        drop(served);
        self.served.notify_one();
        ServedNames {
            jobs: Arc::clone(self),
            names,
        }
    }

    /// Waits until a worker begins to take jobs. For the one task that keeps what no worker took so far.
    pub(crate) async fn until_served(&self) {
        self.served.notified().await;
    }

    /// Hears of each job of this name that comes.
    pub(crate) fn hear(&self, name: &str) -> watch::Receiver<()> {
        self.wakeups.hear(name)
    }

    /// Keeps the job; gives it back where no worker here takes it. A later one takes the place of an earlier one that
    /// waits under the same key.
    pub(crate) fn put(&self, task: NewTask) -> Result<(), NewTask> {
        let NewTask { name, envelope } = task;
        let mut names = self.lock();
        let Some(waiting) = names.get_mut(name) else {
            return Err(NewTask { name, envelope });
        };
        let is_kept = waiting.put(envelope);
        drop(names);
        if is_kept {
            self.wakeups.ring(name);
        } else {
            metrics::counter!("tocsin_queue_dropped_total", "job" => name).increment(1);
        }
        Ok(())
    }

    /// Keeps those that a worker here takes, and gives back the others.
    pub(crate) fn put_all(&self, tasks: Vec<NewTask>) -> Vec<NewTask> {
        tasks
            .into_iter()
            .filter_map(|task| self.put(task).err())
            .collect()
    }

    /// Takes up to `limit` jobs that are due, and says when the next is.
    pub(crate) fn take(&self, name: &str, limit: usize) -> (Vec<JobEnvelope>, Option<Instant>) {
        let now = Instant::now();
        let mut names = self.lock();
        let Some(waiting) = names.get_mut(name) else {
            return (Vec::new(), None);
        };
        let mut taken = Vec::new();
        while taken.len() < limit
            && let Some(first) = waiting.by_due.first_entry()
            && first.key().0 <= now
        {
            let envelope = first.remove();
            waiting.by_key.remove(&envelope.idempotency_key());
            taken.push(envelope);
        }
        let next = waiting.by_due.keys().next().map(|(due, _)| *due);
        (taken, next)
    }
}

impl Waiting {
    /// Whether there was room.
    fn put(&mut self, envelope: JobEnvelope) -> bool {
        let key = envelope.idempotency_key();
        if let Some(place) = self.by_key.get(&key)
            && let Some(waiting) = self.by_due.get_mut(place)
        {
            *waiting = envelope;
            return true;
        }
        if self.by_due.len() >= CAPACITY {
            return false;
        }
        let place = (
            Instant::now() + envelope.early_by().unwrap_or_default(),
            self.next,
        );
        self.next += 1;
        self.by_key.insert(key, place);
        self.by_due.insert(place, envelope);
        true
    }
}
