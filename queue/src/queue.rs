//! The side of those who ring.

use std::{sync::Arc, time::Duration};

use time::OffsetDateTime;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{error, info};

use crate::{
    breaker::{self, Breaker},
    config::QueueConfig,
    error::QueueError,
    job::Job,
    local::LocalJobs,
    pusher::{Buffer, Pusher},
    store::Store,
    supervise::supervise,
    task::{JobEnvelope, NewTask},
    wakeups::Wakeups,
};

/// The queue, as those who ring it see it. Cheap to clone; it closes with its last clone.
///
/// Within one process, share one: its workers hear its rings at once, and others' only through Redis, or at their next
/// look.
#[derive(Clone, Debug)]
pub struct Queue {
    pub(crate) inner: Arc<QueueInner>,
}

#[derive(Debug)]
pub(crate) struct QueueInner {
    pub(crate) store: Arc<Store>,
    pub(crate) breaker: Arc<Breaker>,
    pub(crate) local: Arc<LocalJobs>,
    pub(crate) wakeups: Arc<Wakeups>,
    buffer: Arc<Buffer>,
    _stop: DropGuard,
}

impl Queue {
    /// Opens the queue. Redis need not be there: until it comes, workers of this process run what is rung here.
    ///
    /// # Errors
    /// [`QueueError::Config`] when the URL can't be read, or the file can't be opened or set up.
    pub async fn connect(config: &QueueConfig) -> Result<Self, QueueError> {
        crate::telemetry::describe();
        let store = Arc::new(Store::open(config).await?);
        info!("the job queue is on {}", store.backend());
        let stop = CancellationToken::new();
        let pusher = Pusher {
            buffer: Arc::new(Buffer::new()),
            store: store.clone(),
            breaker: Arc::new(Breaker::new()),
            local: Arc::default(),
            wakeups: Arc::new(Wakeups::default()),
            stop: stop.clone(),
        };
        let inner = QueueInner {
            store,
            breaker: pusher.breaker.clone(),
            local: pusher.local.clone(),
            wakeups: pusher.wakeups.clone(),
            buffer: pusher.buffer.clone(),
            _stop: stop.clone().drop_guard(),
        };
        tokio::spawn({
            let (breaker, store, stop) = (pusher.breaker.clone(), pusher.store.clone(), stop.clone());
            async move {
                let watch = || breaker::watch(breaker.clone(), store.clone(), stop.clone());
                supervise("probe of the job queue", &stop, watch).await;
            }
        });
        tokio::spawn(async move {
            supervise("pusher of the job queue", &stop, || pusher.clone().run()).await;
            pusher.say_farewell().await;
        });
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Rings, without waiting and without fail: the job is stored in the background, together with others. While the backend
    /// fails, a worker of this process runs it; where there is none it waits in memory, for half a minute at most, as one of
    /// some 20,000. What comes beyond that, or is still in memory when the process ends, is lost, and is found by whoever
    /// sweeps the database.
    pub fn enqueue<J: Job>(&self, job: &J) {
        let Some(task) = new_task(job) else { return };
        let inner = &self.inner;
        let task = if inner.breaker.works() {
            Some(task)
        } else {
            inner.local.put(task).err()
        };
        if let Some(task) = task {
            inner.buffer.put(task);
        }
    }

    /// Has a worker of this process run the job, also where the backend works: for whoever finds in the database what
    /// the backend should have brought long ago. Where this process has no worker for it, it is rung for.
    pub fn run_here<J: Job>(&self, job: &J) {
        let Some(task) = new_task(job) else { return };
        if let Err(task) = self.inner.local.put(task) {
            self.inner.buffer.put(task);
        }
    }

    /// Stores the job, and returns when it is stored; while the backend fails, it is stored in this process, if a worker here
    /// takes it.
    ///
    /// # Errors
    /// When the backend fails and no worker of this process takes such jobs.
    pub async fn enqueue_durably<J: Job>(&self, job: &J) -> Result<(), QueueError> {
        self.store(J::NAME, JobEnvelope::new(job, None)?).await
    }

    /// Stores the job, to be run not before `due`.
    ///
    /// # Errors
    /// As [`Queue::enqueue_durably`].
    pub async fn push_at<J: Job>(&self, job: &J, due: OffsetDateTime) -> Result<(), QueueError> {
        let due = Some(due).filter(|due| *due > tocsin_clock::machine_now());
        self.store(J::NAME, JobEnvelope::new(job, due)?).await
    }

    async fn store(&self, name: &'static str, envelope: JobEnvelope) -> Result<(), QueueError> {
        let inner = &self.inner;
        let task = NewTask { name, envelope };
        let failure = if inner.breaker.works() {
            match inner.store.push(std::slice::from_ref(&task)).await {
                Ok(()) => {
                    metrics::counter!("tocsin_queue_pushed_total", "job" => name).increment(1);
                    inner.wakeups.ring(name);
                    return Ok(());
                }
                Err(error) => {
                    inner.breaker.failed(&error);
                    error
                }
            }
        } else {
            QueueError::Backend(inner.breaker.trouble().unwrap_or_default().into())
        };
        inner.local.put(task).map_err(|_| failure)
    }

    /// Waits until everything that was rung so far is stored, or for this long: whether it is. For an orderly shutdown.
    pub async fn flush(&self, within: Duration) -> bool {
        tokio::time::timeout(within, self.inner.buffer.flushed())
            .await
            .is_ok()
    }

    /// [`Queue::flush`], and lets go of the backend: nothing can be stored after it. For the end of the process.
    pub async fn close(&self, within: Duration) -> bool {
        let is_stored = self.flush(within).await;
        self.inner.store.close().await;
        is_stored
    }

    /// Whether the backend works: pushes a job of its own and takes it, within three seconds.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub async fn health(&self) -> Result<(), QueueError> {
        self.inner.store.health().await
    }

    /// Whether the backend is used, as far as is known just now; costs nothing. While it is not, whoever looks into the
    /// database should look more often.
    pub fn works(&self) -> bool {
        self.inner.breaker.works()
    }

    /// Why the backend is not used, since when, and what to do; none while it works. Costs nothing, for whoever tells people.
    pub fn trouble(&self) -> Option<String> {
        self.inner.breaker.trouble()
    }

    /// How many jobs wait to be run, those not yet due included.
    pub async fn depth(&self) -> Result<u64, QueueError> {
        self.inner.store.depth(None).await
    }
}

/// The job as it is stored; one that can't be written is dropped, with an error in the log.
fn new_task<J: Job>(job: &J) -> Option<NewTask> {
    match JobEnvelope::new(job, None) {
        Ok(envelope) => Some(NewTask {
            name: J::NAME,
            envelope,
        }),
        Err(cause) => {
            metrics::counter!("tocsin_queue_dropped_total", "job" => J::NAME).increment(1);
            error!(job.name = J::NAME, "a {} job is dropped: {cause}", J::NAME);
            None
        }
    }
}
