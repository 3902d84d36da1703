//! Whether the backend works, as everything in this process sees it.
//!
//! After one failed call nobody waits for the backend any more: jobs are kept and run in this process (`local`), and the
//! breaker's own probe, which pushes and takes for real, decides when the backend is used again. So an outage costs one
//! time-out, not one for each job.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use time::OffsetDateTime;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::{error::QueueError, store::Store};

/// How often a backend that works is probed. Workers notice an outage sooner, by their own calls.
const PROBE_EVERY: Duration = Duration::from_secs(5);

/// How often a backend that fails is probed.
const PROBE_AGAIN: Duration = Duration::from_millis(250);

/// How often a failed call is logged.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// Whether the backend works.
#[derive(Debug)]
pub(crate) struct Breaker {
    works: watch::Sender<bool>,
    failure: Mutex<Option<Failure>>,
    doubted: Notify,
    /// When a failed call was last logged.
    told: Mutex<Option<Instant>>,
}

/// What the last probe said, and since when.
#[derive(Debug)]
struct Failure {
    since: OffsetDateTime,
    cause: String,
}

impl Breaker {
    /// Takes the backend to work until a call fails.
    pub(crate) fn new() -> Self {
        Self {
            works: watch::Sender::new(true),
            failure: Mutex::default(),
            doubted: Notify::new(),
            told: Mutex::default(),
        }
    }

    /// Whether calls to the backend are worth their wait.
    pub(crate) fn works(&self) -> bool {
        *self.works.borrow()
    }

    /// Hears each change from now on.
    pub(crate) fn subscribe(&self) -> watch::Receiver<bool> {
        self.works.subscribe()
    }

    /// Waits until the backend works.
    pub(crate) async fn until_works(&self) {
        let mut works = self.works.subscribe();
        // Can't fail: the sender lives as long as `self`.
        let _works = works.wait_for(|works| *works).await;
    }

    /// A call has failed: the backend is left alone until a probe succeeds.
    pub(crate) fn failed(&self, error: &QueueError) {
        match error {
            QueueError::Backend(_) => {}
            QueueError::Config(_) | QueueError::Encode { .. } | QueueError::Handlers(_) => return,
        }
        metrics::counter!("tocsin_queue_backend_errors_total").increment(1);
        self.tell(error);
        self.works
            .send_if_modified(|works| std::mem::replace(works, false));
        self.doubted.notify_one();
    }

    /// Logs a failed call: seldom, as many fail in an outage, and always sometime, as calls may fail although probes work.
    fn tell(&self, error: &QueueError) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_some_and(|told| told.elapsed() < TOLD_EVERY) {
            drop(told);
            debug!("a call to the job queue failed: {error}");
        } else {
            *told = Some(Instant::now());
            drop(told);
            warn!("a call to the job queue failed, and its jobs are run in this process: {error}");
        }
    }

    /// Why the backend is not used, and since when; none while it works.
    pub(crate) fn trouble(&self) -> Option<String> {
        let failure = self.failure();
        let failure = failure.as_ref()?;
        let since = failure.since.replace_nanosecond(0).unwrap_or(failure.since);
        Some(format!(
            "{}. Since {since}. Nothing is lost: workers find their jobs in the database, up to 3 s later than usual",
            failure.cause
        ))
    }

    fn failure(&self) -> std::sync::MutexGuard<'_, Option<Failure>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what a probe said, and logs the beginning and the end of an outage.
    fn probed(&self, store: &Store, outcome: Result<(), QueueError>) {
        let backend = store.backend();
        match outcome {
            Ok(()) => {
                metrics::gauge!("tocsin_queue_backend_up").set(1.0);
                if self.failure().take().is_some() {
                    info!("the job queue on {backend} works again");
                }
                self.works
                    .send_if_modified(|works| !std::mem::replace(works, true));
            }
            Err(error) => {
                metrics::gauge!("tocsin_queue_backend_up").set(0.0);
                let cause = error.to_string();
                let mut failure = self.failure();
                let since = failure.as_ref().map(|failure| failure.since);
                if since.is_none() {
                    warn!(
                        "the job queue on {backend} fails: {cause}. Workers find their jobs in the database until it works again"
                    );
                }
                let since = since.unwrap_or_else(tocsin_clock::machine_now);
                *failure = Some(Failure { since, cause });
                drop(failure);
                self.works
                    .send_if_modified(|works| std::mem::replace(works, false));
            }
        }
    }
}

/// Probes the backend until `stop`: now and then while it works, at once when somebody doubts it, often while it fails.
pub(crate) async fn watch(breaker: Arc<Breaker>, store: Arc<Store>, stop: CancellationToken) {
    loop {
        breaker.probed(&store, store.health().await);
        let pause = if breaker.works() { PROBE_EVERY } else { PROBE_AGAIN };
        tokio::select! {
            () = stop.cancelled() => return,
            () = breaker.doubted.notified(), if breaker.works() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}
