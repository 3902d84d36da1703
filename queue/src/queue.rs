//! The side of those who ring.

use std::{sync::Arc, time::Duration};

use time::OffsetDateTime;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{error, info};

use crate::{
    bells::Bells,
    config::QueueConfig,
    error::QueueError,
    job::Job,
    pusher::{Buffer, Pusher},
    store::Store,
    supervise::supervise,
    task::{Envelope, NewTask},
};

/// The queue, as those who ring it see it. Cheap to clone; it closes with its last clone.
///
/// Within one process, share one: its workers hear its rings at once, and others' only through Redis, or at their next
/// look.
#[derive(Clone, Debug)]
pub struct Queue {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) store: Arc<Store>,
    pub(crate) bells: Arc<Bells>,
    buffer: Arc<Buffer>,
    _stop: DropGuard,
}

impl Queue {
    /// Opens the queue. Redis need not be there yet: what is rung until it comes waits in memory.
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
            bells: Arc::new(Bells::default()),
            stop: stop.clone(),
        };
        let inner = Inner {
            store,
            bells: pusher.bells.clone(),
            buffer: pusher.buffer.clone(),
            _stop: stop.clone().drop_guard(),
        };
        tokio::spawn(async move {
            supervise("pusher of the job queue", &stop, || pusher.clone().run()).await;
            pusher.say_farewell().await;
        });
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Rings, without waiting and without fail: the job is stored in the background, together with others. While the backend
    /// is away some 20,000 jobs wait in memory; what comes beyond that, or is still in memory when the process ends, is
    /// lost, and is rung again by whoever sweeps the database.
    pub fn ring<J: Job>(&self, job: &J) {
        match Envelope::new(job, None) {
            Ok(envelope) => self.inner.buffer.put(NewTask {
                name: J::NAME,
                envelope,
            }),
            Err(cause) => {
                metrics::counter!("tocsin_queue_dropped_total", "job" => J::NAME).increment(1);
                error!(job.name = J::NAME, "a {} job is dropped: {cause}", J::NAME);
            }
        }
    }

    /// Stores the job, and returns when it is stored.
    pub async fn push<J: Job>(&self, job: &J) -> Result<(), QueueError> {
        self.store(J::NAME, Envelope::new(job, None)?).await
    }

    /// Stores the job, to be run not before `due`.
    pub async fn push_at<J: Job>(&self, job: &J, due: OffsetDateTime) -> Result<(), QueueError> {
        let due = Some(due).filter(|due| *due > OffsetDateTime::now_utc());
        self.store(J::NAME, Envelope::new(job, due)?).await
    }

    async fn store(&self, name: &'static str, envelope: Envelope) -> Result<(), QueueError> {
        self.inner.store.push(&[NewTask { name, envelope }]).await?;
        metrics::counter!("tocsin_queue_pushed_total", "job" => name).increment(1);
        self.inner.bells.ring(name);
        Ok(())
    }

    /// Waits until everything that was rung so far is stored, or for this long: whether it is. For an orderly shutdown.
    pub async fn flush(&self, within: Duration) -> bool {
        tokio::time::timeout(within, self.inner.buffer.flushed())
            .await
            .is_ok()
    }

    /// Whether the backend answers, within some 2 s.
    pub async fn health(&self) -> Result<(), QueueError> {
        self.inner.store.health().await
    }

    /// How many jobs wait to be run, those not yet due included.
    pub async fn depth(&self) -> Result<u64, QueueError> {
        self.inner.store.depth(None).await
    }
}
