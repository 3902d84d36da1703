//! Jobs to run, and a record of their runs.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tocsin_queue::{Job, Queue, QueueError, Worker};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::place::PATIENCE;

/// Something to look at.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Look {
    pub(crate) at: String,
    pub(crate) version: i64,
    pub(crate) request_id: Option<String>,
}

impl Job for Look {
    const NAME: &'static str = "look";

    fn key(&self) -> String {
        self.at.clone()
    }

    fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "shorter to write")]
pub(crate) fn look(at: impl ToString) -> Look {
    Look {
        at: at.to_string(),
        version: 1,
        request_id: None,
    }
}

/// A job of another name.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Other {
    pub(crate) id: String,
}

impl Job for Other {
    const NAME: &'static str = "other";

    fn key(&self) -> String {
        self.id.clone()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "shorter to write")]
pub(crate) fn other(id: impl ToString) -> Other {
    Other { id: id.to_string() }
}

/// What was run, in order. Tests wait for it to say what it must.
#[derive(Clone)]
pub(crate) struct Log<T>(Arc<watch::Sender<Vec<T>>>);

impl<T: Clone> Log<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Vec::new())))
    }

    pub(crate) fn add(&self, entry: T) {
        self.0.send_modify(|entries| entries.push(entry));
    }

    pub(crate) fn entries(&self) -> Vec<T> {
        self.0.borrow().clone()
    }

    /// Waits for this many entries.
    pub(crate) async fn len_is(&self, count: usize) -> Vec<T> {
        self.becomes(|entries| entries.len() >= count).await
    }

    pub(crate) async fn becomes(&self, wanted: impl FnMut(&Vec<T>) -> bool) -> Vec<T> {
        let mut watcher = self.0.subscribe();
        let Ok(entries) = tokio::time::timeout(PATIENCE, watcher.wait_for(wanted)).await else {
            panic!("waited in vain, with {} entries", self.entries().len())
        };
        entries.expect("the log is open").clone()
    }
}

impl Log<String> {
    /// How often each was run.
    pub(crate) fn counts(&self) -> HashMap<String, usize> {
        let mut counts = HashMap::new();
        for entry in self.entries() {
            *counts.entry(entry).or_default() += 1;
        }
        counts
    }
}

/// Holds handlers until it is opened for them.
#[derive(Clone)]
pub(crate) struct Gate(Arc<Semaphore>);

impl Gate {
    pub(crate) fn closed() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    /// Lets this many pass.
    pub(crate) fn open(&self, count: usize) {
        self.0.add_permits(count);
    }

    pub(crate) async fn pass(&self) {
        self.0
            .acquire()
            .await
            .expect("the gate is never removed")
            .forget();
    }
}

/// A worker that runs beside the test.
pub(crate) struct Crew {
    stop: CancellationToken,
    running: JoinHandle<Result<(), QueueError>>,
}

impl Crew {
    /// Starts the worker, with pauses between attempts that suit a test.
    pub(crate) fn start(worker: Worker) -> Self {
        let stop = CancellationToken::new();
        let worker = worker.backoff(Duration::from_millis(20), Duration::from_millis(50));
        Self {
            running: tokio::spawn(worker.run(stop.clone())),
            stop,
        }
    }

    /// Tells the worker to stop, and waits until it has.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        let ended = tokio::time::timeout(PATIENCE, self.running)
            .await
            .expect("the worker stops");
        ended
            .expect("the worker does not panic")
            .expect("the worker stops in order");
    }

    /// Tells the worker to stop, without waiting.
    pub(crate) fn tell_to_stop(&self) {
        self.stop.cancel();
    }
}

/// Waits until everything rung is stored.
pub(crate) async fn flush(queue: &Queue) {
    assert!(queue.flush(PATIENCE).await, "rings are stored");
}

/// Waits until every stored job has been taken.
pub(crate) async fn nothing_waits(queue: &Queue) {
    let emptied = async {
        while queue.depth().await.unwrap() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, emptied)
        .await
        .expect("somebody takes the jobs");
}

/// A value that handlers share.
pub(crate) fn shared<T>(value: T) -> Arc<Mutex<T>> {
    Arc::new(Mutex::new(value))
}
