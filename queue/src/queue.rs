//! The side of those who ring.

use time::OffsetDateTime;

use crate::{config::QueueConfig, error::QueueError, job::Job};

/// The queue, as those who ring it see it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Queue;

#[expect(clippy::unused_async, reason = "the backend comes next")]
impl Queue {
    /// Opens the queue.
    pub async fn connect(_config: &QueueConfig) -> Result<Self, QueueError> {
        Ok(Self)
    }

    /// Rings, without waiting and without fail.
    pub fn ring<J: Job>(&self, _job: &J) {}

    /// Puts the job in the queue, and returns when it is there.
    pub async fn push<J: Job>(&self, _job: &J) -> Result<(), QueueError> {
        Ok(())
    }

    /// Puts the job in the queue, to be run not before `due`.
    pub async fn push_at<J: Job>(&self, _job: &J, _due: OffsetDateTime) -> Result<(), QueueError> {
        Ok(())
    }

    /// Whether the backend answers.
    pub async fn health(&self) -> Result<(), QueueError> {
        Ok(())
    }

    /// How many jobs wait to be run, those not yet due included.
    pub async fn depth(&self) -> Result<u64, QueueError> {
        Ok(0)
    }
}
