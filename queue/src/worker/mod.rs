//! The side of those who work.

mod consumer;
mod finisher;
mod handler;
mod listener;
mod poll;
mod run;

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures::future::join_all;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::{consumer::JobConsumer, handler::JobHandler, listener::listen};
use crate::{
    error::QueueError,
    job::{Job, JobContext, JobError},
    queue::Queue,
    store::Store,
    supervise::{OwnedTask, supervise},
};

/// How often depths are measured.
const MEASURE_EVERY: Duration = Duration::from_secs(5);

/// After how many measurements the backend is cleaned.
const CLEAN_AFTER: u32 = 12;

/// How a worker works.
#[derive(Clone, Debug)]
pub(crate) struct WorkerOptions {
    pub(crate) concurrency: usize,
    pub(crate) grace: Duration,
    pub(crate) time_limit: Duration,
    pub(crate) max_attempts: u32,
    pub(crate) backoff_min: Duration,
    pub(crate) backoff_max: Duration,
}

/// Takes jobs from the queue and runs their handlers.
///
/// Each job name has a consumer of its own, with its own share of concurrency: a slow handler holds up no other. Jobs of one
/// name and key run one after the other within the process; across processes they may overlap.
#[derive(Debug)]
pub struct Worker {
    queue: Queue,
    options: WorkerOptions,
    handlers: Vec<JobHandler>,
}

impl Worker {
    /// A worker without handlers.
    pub fn new(queue: Queue) -> Self {
        let options = WorkerOptions {
            concurrency: 16,
            grace: Duration::from_secs(10),
            time_limit: Duration::from_secs(600),
            max_attempts: 20,
            backoff_min: Duration::from_secs(1),
            backoff_max: Duration::from_secs(300),
        };
        Self {
            queue,
            options,
            handlers: Vec::new(),
        }
    }

    /// How many jobs of each name run at the same time. Default 16.
    #[must_use]
    pub fn concurrency(mut self, jobs: usize) -> Self {
        self.options.concurrency = jobs.max(1);
        self
    }

    /// How long running jobs may take to finish after `shutdown`; then they are handed back. Default 10 s.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.options.grace = grace;
        self
    }

    /// How long one run may take before it is ended and tried again. Default 10 min.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.options.time_limit = limit;
        self
    }

    /// How many runs a job gets before it is dropped, with an error in the log. Default 20.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.options.max_attempts = attempts.max(1);
        self
    }

    /// The pause after the first failed run, which doubles with each further one up to `max`. Default 1 s to 5 min.
    #[must_use]
    pub fn backoff(mut self, min: Duration, max: Duration) -> Self {
        self.options.backoff_min = min;
        self.options.backoff_max = max.max(min);
        self
    }

    /// Runs `handler` for each job of type `J`.
    #[must_use]
    pub fn on<J, F, Fut>(mut self, handler: F) -> Self
    where
        J: Job,
        F: Fn(J, JobContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        self.handlers.push(JobHandler::new(handler));
        self
    }

    /// Runs jobs until `shutdown`, then waits for those that run, and hands back the others. Failures of the backend do not
    /// end it.
    ///
    /// # Errors
    /// [`QueueError::Handlers`] when there is no handler, or two for one name.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), QueueError> {
        self.check()?;
        let names: Vec<&'static str> = self.handlers.iter().map(|handler| handler.name).collect();
        info!(
            "working on {} with {} jobs of each at a time",
            names.join(", "),
            self.options.concurrency
        );
        let _served = self.queue.inner.local.serve(names.clone());
        let lanes: Vec<Arc<JobConsumer>> = self
            .handlers
            .into_iter()
            .map(|handler| {
                Arc::new(JobConsumer::new(
                    &self.queue,
                    handler,
                    self.options.clone(),
                    shutdown.clone(),
                ))
            })
            .collect();
        let _listener = OwnedTask::spawn(listen_always(self.queue.clone(), shutdown.clone()));
        let _housekeeper = OwnedTask::spawn(keep_house_always(self.queue.clone(), names, shutdown.clone()));
        join_all(lanes.into_iter().map(|consumer| {
            let shutdown = shutdown.clone();
            async move {
                let what = format!("lane of {} jobs", consumer.name());
                supervise(&what, &shutdown, || consumer.clone().run()).await;
            }
        }))
        .await;
        info!("no longer working on jobs");
        Ok(())
    }

    fn check(&self) -> Result<(), QueueError> {
        let mut names = HashSet::new();
        if self.handlers.is_empty() {
            return Err(QueueError::Handlers(
                "a worker without handlers would do nothing".to_owned(),
            ));
        }
        match self.handlers.iter().find(|handler| !names.insert(handler.name)) {
            Some(twice) => Err(QueueError::Handlers(format!(
                "two handlers for {} jobs",
                twice.name
            ))),
            None => Ok(()),
        }
    }
}

async fn listen_always(queue: Queue, stop: CancellationToken) {
    let inner = queue.inner;
    if let Store::Redis(_) = *inner.store {
        supervise("listener for rings", &stop, || {
            let (store, breaker) = (inner.store.clone(), inner.breaker.clone());
            listen(store, breaker, inner.wakeups.clone(), stop.clone())
        })
        .await;
    }
}

async fn keep_house_always(queue: Queue, names: Vec<&'static str>, stop: CancellationToken) {
    supervise("housekeeper of the job queue", &stop, || {
        keep_house(queue.clone(), names.clone(), stop.clone())
    })
    .await;
}

/// Measures depths, and cleans up now and then.
async fn keep_house(queue: Queue, names: Vec<&'static str>, stop: CancellationToken) {
    let (store, breaker) = (&queue.inner.store, &queue.inner.breaker);
    let mut rounds = 0_u32;
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return,
            () = breaker.until_works() => {}
        }
        for name in &names {
            // A failure here is also one of the consumer's, which tells of it.
            if let Ok(depth) = store.depth(Some(name)).await {
                #[expect(clippy::cast_precision_loss, reason = "a depth is far below 2^52")]
                metrics::gauge!("tocsin_queue_depth", "job" => *name).set(depth as f64);
            }
        }
        if rounds.is_multiple_of(CLEAN_AFTER)
            && let Err(error) = store.clean().await
        {
            warn!("the job queue could not be cleaned, and will be in a minute: {error}");
        }
        rounds = rounds.wrapping_add(1);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(MEASURE_EVERY) => {}
        }
    }
}
