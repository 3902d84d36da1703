//! One run of one job, from the moment it is taken to the verdict.

use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use futures::FutureExt;
use rand::Rng;
use tracing::{Instrument, debug, error, info_span, warn};

use super::{WorkerOptions, handler::JobHandler};
use crate::{
    error::BoxError,
    job::{JobContext, JobError},
    task::{JobEnvelope, NewTask, TakenTask, now_millis},
};

/// A job that was taken and can be run.
#[derive(Debug)]
pub(super) struct ReadyJob {
    /// By which the backend knows it; none for a job that has waited in this process.
    pub(super) id: Option<String>,
    pub(super) envelope: JobEnvelope,
    /// 1 for the first run.
    pub(super) attempt: u32,
}

/// What is to be done with a job that was taken: forget it, and store another in its place if there is one.
#[derive(Debug)]
pub(super) struct JobOutcome {
    /// By which the backend knows it; none for a job that has waited in this process.
    pub(super) id: Option<String>,
    pub(super) again: Option<Box<NewTask>>,
}

impl ReadyJob {
    /// Reads what was taken. The error is the verdict on a job that can't be run.
    pub(super) fn read(name: &'static str, taken: TakenTask, max_attempts: u32) -> Result<Self, JobOutcome> {
        let envelope: JobEnvelope = match serde_json::from_slice(&taken.payload) {
            Ok(envelope) => envelope,
            Err(cause) => {
                count_drop(name);
                error!(
                    job.name = name,
                    task.id = taken.id,
                    "a {name} job can't be read and is dropped: {cause}"
                );
                return Err(JobOutcome {
                    id: Some(taken.id),
                    again: None,
                });
            }
        };
        let attempt = envelope.failures.saturating_add(taken.crashes).saturating_add(1);
        if attempt > max_attempts {
            count_run(name, "exhausted");
            error!(
                job.name = name,
                job.key = envelope.key,
                job.attempt = attempt,
                request.id = envelope.request_id,
                "{name} {} has been tried {max_attempts} times, the last time its worker died, and is dropped",
                envelope.key
            );
            return Err(JobOutcome {
                id: Some(taken.id),
                again: None,
            });
        }
        Ok(Self {
            id: Some(taken.id),
            envelope,
            attempt,
        })
    }

    /// A job that has waited in this process.
    pub(super) fn local(envelope: JobEnvelope) -> Self {
        Self {
            id: None,
            attempt: envelope.failures.saturating_add(1),
            envelope,
        }
    }

    /// Runs the job. Nothing that the handler does gets past this: neither a panic nor a run without end.
    pub(super) async fn run(self, handler: JobHandler, options: WorkerOptions) -> JobOutcome {
        let name = handler.name;
        let span = info_span!(
            "job",
            job.name = name,
            job.key = self.envelope.key,
            job.attempt = self.attempt,
            request.id = self.envelope.request_id
        );
        let outcome = async {
            let started = Instant::now();
            let context = JobContext {
                attempt: self.attempt,
                request_id: self.envelope.request_id.clone(),
            };
            let run = AssertUnwindSafe(handler.run(self.envelope.job.clone(), context)).catch_unwind();
            let result = tokio::time::timeout(options.time_limit, run).await;
            metrics::histogram!("tocsin_queue_run_seconds", "job" => name)
                .record(started.elapsed().as_secs_f64());
            match result {
                Ok(Ok(Ok(result))) => result.map_or_else(RunOutcome::from, |()| RunOutcome::Done),
                Ok(Ok(Err(undecodable))) => RunOutcome::Undecodable(undecodable),
                Ok(Err(panic)) => RunOutcome::Panic(panic_message(panic.as_ref())),
                Err(_) => RunOutcome::Retry(None, format!("not done within {:?}", options.time_limit).into()),
            }
        }
        .instrument(span.clone())
        .await;
        span.in_scope(|| self.judge(name, outcome, &options))
    }

    /// Turns what happened into what is to be done, and tells of it.
    fn judge(self, name: &'static str, outcome: RunOutcome, options: &WorkerOptions) -> JobOutcome {
        let key = &self.envelope.key;
        let (delay, cause) = match outcome {
            RunOutcome::Done => {
                count_run(name, "done");
                debug!("{name} {key} is done");
                return JobOutcome {
                    id: self.id,
                    again: None,
                };
            }
            RunOutcome::Fail(cause) => {
                count_run(name, "failed");
                error!("{name} {key} failed for good: {cause}");
                return JobOutcome {
                    id: self.id,
                    again: None,
                };
            }
            RunOutcome::Undecodable(cause) => {
                count_drop(name);
                error!("{name} {key} can't be decoded and is dropped: {cause}");
                return JobOutcome {
                    id: self.id,
                    again: None,
                };
            }
            RunOutcome::Retry(delay, cause) => {
                count_run(name, "retry");
                (delay, cause)
            }
            RunOutcome::Panic(message) => {
                count_run(name, "panic");
                error!("{name} {key} panicked: {message}");
                (None, message.into())
            }
        };
        if self.attempt >= options.max_attempts {
            count_run(name, "exhausted");
            error!(
                "{name} {key} failed {} times and is dropped: {cause}",
                self.attempt
            );
            return JobOutcome {
                id: self.id,
                again: None,
            };
        }
        let delay = delay.unwrap_or_else(|| backoff(self.attempt, options));
        warn!("{name} {key} failed and runs again in {delay:?}: {cause}");
        JobOutcome {
            id: self.id,
            again: Some(Box::new(again(name, self.envelope, self.attempt, delay))),
        }
    }
}

/// How a run ended.
enum RunOutcome {
    Done,
    Retry(Option<Duration>, BoxError),
    Fail(BoxError),
    Undecodable(serde_json::Error),
    Panic(String),
}

impl From<JobError> for RunOutcome {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Retry(cause) => Self::Retry(None, cause),
            JobError::RetryAfter(delay, cause) => Self::Retry(Some(delay), cause),
            JobError::Fail(cause) => Self::Fail(cause),
        }
    }
}

/// A task of its own for the next run: apalis' own retries lose delays, or come at once, or never end.
fn again(name: &'static str, envelope: JobEnvelope, failures: u32, delay: Duration) -> NewTask {
    let delay = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
    let due = Some(now_millis().saturating_add(delay));
    NewTask {
        name,
        envelope: JobEnvelope {
            failures,
            due,
            ..envelope
        },
    }
}

/// Doubles with each attempt, and varies by a fifth, so that what failed together does not come back together.
fn backoff(attempt: u32, options: &WorkerOptions) -> Duration {
    let doubled = options
        .backoff_min
        .saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
    doubled
        .min(options.backoff_max)
        .mul_f64(rand::rng().random_range(0.8..1.2))
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

fn count_run(name: &'static str, outcome: &'static str) {
    metrics::counter!("tocsin_queue_run_total", "job" => name, "outcome" => outcome).increment(1);
}

fn count_drop(name: &'static str) {
    metrics::counter!("tocsin_queue_dropped_total", "job" => name).increment(1);
}
