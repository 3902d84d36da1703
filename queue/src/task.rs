//! A job on its way: what is stored, and under which key.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use crate::{error::QueueError, job::Job};

/// What is stored: the job as JSON, and what the queue must know about it. Fields are only ever added.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct JobEnvelope {
    /// `Job::key`.
    pub(crate) key: String,
    /// How many runs have failed so far. Crashes are counted by the backend, as nobody is left to write them here.
    #[serde(default)]
    pub(crate) failures: u32,
    /// Not to be run before, in milliseconds of Unix time: apalis keeps whole seconds, rounded down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) due: Option<i64>,
    /// `Job::request_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
    /// The job. Decoded by the handler's side only, so that one that no longer decodes harms nobody else.
    pub(crate) job: Value,
}

impl JobEnvelope {
    pub(crate) fn new<J: Job>(job: &J, due: Option<OffsetDateTime>) -> Result<Self, QueueError> {
        Ok(Self {
            key: job.key(),
            failures: 0,
            due: due.map(unix_millis),
            request_id: job.request_id().map(ToOwned::to_owned),
            job: serde_json::to_value(job).map_err(|source| QueueError::Encode { job: J::NAME, source })?,
        })
    }

    /// Which waiting jobs are one. A delayed job never swallows one that is due now, nor one due at another second;
    /// a retry swallows only another retry after as many failures.
    pub(crate) fn idempotency_key(&self) -> String {
        match (self.failures, self.due_second()) {
            (0, None) => format!("now:{}", self.key),
            (0, Some(second)) => format!("at:{second}:{}", self.key),
            (failures, _) => format!("try:{failures}:{}", self.key),
        }
    }

    /// How long until the job may be run: the backend gives it out up to a second before.
    pub(crate) fn early_by(&self) -> Option<Duration> {
        let millis = self.due?.checked_sub(now_millis())?;
        u64::try_from(millis)
            .ok()
            .filter(|millis| *millis > 0)
            .map(Duration::from_millis)
    }

    /// The second in which the job may be taken, which is up to a second before it may be run.
    pub(crate) fn due_second(&self) -> Option<u64> {
        self.due
            .and_then(|millis| u64::try_from(millis.div_euclid(1_000)).ok())
    }
}

/// A job to be stored.
#[derive(Clone, Debug)]
pub(crate) struct NewTask {
    pub(crate) name: &'static str,
    pub(crate) envelope: JobEnvelope,
}

/// A job that a worker has taken from the backend and must either finish or hand back.
#[derive(Debug)]
pub(crate) struct TakenTask {
    pub(crate) id: String,
    pub(crate) payload: Vec<u8>,
    /// How many workers died with it.
    pub(crate) crashes: u32,
}

/// What one look into the backend brought.
#[derive(Debug, Default)]
pub(crate) struct TakenTasks {
    pub(crate) tasks: Vec<TakenTask>,
    /// The second, in Unix time, in which the next delayed job may be taken.
    pub(crate) next_due: Option<u64>,
}

pub(crate) fn unix_millis(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

pub(crate) fn now_millis() -> i64 {
    unix_millis(tocsin_clock::machine_now())
}
