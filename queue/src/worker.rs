//! The side of those who work.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{
    error::QueueError,
    job::{Job, JobContext, JobError},
    queue::Queue,
};

/// Takes jobs from the queue and runs their handlers.
#[derive(Debug)]
pub struct Worker;

impl Worker {
    /// A worker without handlers.
    pub fn new(_queue: Queue) -> Self {
        Self
    }

    /// How many jobs of each name run at the same time. Default 16.
    #[must_use]
    pub fn concurrency(self, _jobs: usize) -> Self {
        self
    }

    /// How long running jobs may take to finish after `shutdown`. Default 10 s.
    #[must_use]
    pub fn grace(self, _grace: Duration) -> Self {
        self
    }

    /// Runs `handler` for each job of type `J`.
    #[must_use]
    pub fn on<J, F, Fut>(self, _handler: F) -> Self
    where
        J: Job,
        F: Fn(J, JobContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        self
    }

    /// Runs jobs until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), QueueError> {
        shutdown.cancelled().await;
        Ok(())
    }
}
