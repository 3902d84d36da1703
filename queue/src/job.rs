//! What a job is, and what its handler is told and may answer.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

use crate::error::BoxError;

/// A doorbell: it says what to look at, never what is to be seen there.
///
/// A job may be lost (a sweeper rings again), run twice (after a crash), or stand for many rings. What it carries beyond
/// ids is a hint.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The job's name, in kebab case. Stored: never renamed.
    const NAME: &'static str;

    /// What the job is about. Jobs of one name with the same key that wait to be run are one, and two of them never
    /// run at the same time in one process.
    fn key(&self) -> String;

    /// The request that led to the job, for the logs.
    fn request_id(&self) -> Option<&str> {
        None
    }
}

/// What a handler is told beside the job itself.
#[derive(Clone, Debug)]
pub struct JobContext {
    /// Which run this is: 1 at first, one more after each failure, and after each crash of the process that ran it.
    pub attempt: u32,
    /// The request that led to the job.
    pub request_id: Option<String>,
}

/// How a run failed.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// It may work later: run again after a back-off that grows with each attempt.
    #[error("{0}")]
    Retry(#[source] BoxError),
    /// It may work later: run again after this long.
    #[error("{1}")]
    RetryAfter(Duration, #[source] BoxError),
    /// It will never work: dropped, with an error in the log.
    #[error("{0}")]
    Fail(#[source] BoxError),
}

impl JobError {
    /// It may work later: run again after a back-off that grows with each attempt.
    pub fn retry(error: impl Into<BoxError>) -> Self {
        Self::Retry(error.into())
    }

    /// It may work later: run again after `delay`.
    pub fn retry_after(delay: Duration, error: impl Into<BoxError>) -> Self {
        Self::RetryAfter(delay, error.into())
    }

    /// It will never work: dropped, with an error in the log.
    pub fn fail(error: impl Into<BoxError>) -> Self {
        Self::Fail(error.into())
    }
}
