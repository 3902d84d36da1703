//! A handler, with the type of its job forgotten.

use std::{fmt, sync::Arc};

use futures::future::BoxFuture;
use serde_json::Value;

use crate::job::{Job, JobContext, JobError};

/// How one run ended, as far as the handler can say.
pub(super) type RunResult = Result<Result<(), JobError>, serde_json::Error>;

type RunJob = dyn Fn(Value, JobContext) -> BoxFuture<'static, RunResult> + Send + Sync;

/// What to do for the jobs of one name.
#[derive(Clone)]
pub(super) struct JobHandler {
    pub(super) name: &'static str,
    run: Arc<RunJob>,
}

impl JobHandler {
    pub(super) fn new<J, F, Fut>(handler: F) -> Self
    where
        J: Job,
        F: Fn(J, JobContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        let handler = Arc::new(handler);
        let run = move |job: Value, context: JobContext| -> BoxFuture<'static, RunResult> {
            let handler = handler.clone();
            Box::pin(async move {
                let job = serde_json::from_value::<J>(job)?;
                Ok(handler(job, context).await)
            })
        };
        Self {
            name: J::NAME,
            run: Arc::new(run),
        }
    }

    /// Decodes the job and runs the handler. The error says that the job can't be decoded.
    pub(super) fn run(&self, job: Value, context: JobContext) -> BoxFuture<'static, RunResult> {
        (self.run)(job, context)
    }
}

impl fmt::Debug for JobHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handler")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
