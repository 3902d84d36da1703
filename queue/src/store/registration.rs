//! A worker's place in the queue of one job name.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use apalis_core::worker::context::WorkerContext;
use uuid::Uuid;

/// One worker's place in the queue of one job name, and what it holds.
#[derive(Clone, Debug)]
pub(crate) struct WorkerRegistration {
    /// The job's name.
    pub(crate) name: &'static str,
    /// The worker as apalis knows it.
    pub(crate) worker: WorkerContext,
    pub(crate) held: Arc<HeldJobs>,
}

impl WorkerRegistration {
    /// The registration of a worker that never was before: apalis takes a name it knows for a worker that still runs.
    pub(crate) fn new(name: &'static str) -> Self {
        let worker = format!("{name}-{}-{}", std::process::id(), Uuid::now_v7().simple());
        Self {
            name,
            worker: WorkerContext::new(&worker),
            held: Arc::default(),
        }
    }
}

/// The ids of what was taken and not yet finished. What the backend believes to be with the worker and is not in here,
/// nobody works on.
#[derive(Debug, Default)]
pub(crate) struct HeldJobs(Mutex<HashSet<String>>);

impl HeldJobs {
    fn lock(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add<'a>(&self, ids: impl Iterator<Item = &'a str>) {
        self.lock().extend(ids.map(ToOwned::to_owned));
    }

    pub(crate) fn remove(&self, ids: &[String]) {
        let mut held = self.lock();
        for id in ids {
            held.remove(id);
        }
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.lock().iter().cloned().collect()
    }
}
