//! Keeps background tasks alive.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::error;

/// A pause that doubles with each use, up to a limit.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
    min: Duration,
    max: Duration,
}

impl Backoff {
    pub(crate) fn between(min: Duration, max: Duration) -> Self {
        Self { next: min, min, max }
    }

    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.next;
        self.next = (self.next * 2).min(self.max);
        pause
    }

    pub(crate) fn reset(&mut self) {
        self.next = self.min;
    }
}

/// For background tasks that meet a backend which does not answer.
pub(crate) fn outage_pause() -> Backoff {
    Backoff::between(Duration::from_millis(50), Duration::from_secs(2))
}

/// A task that ends with its owner.
#[derive(Debug)]
pub(crate) struct OwnedTask(JoinHandle<()>);

impl OwnedTask {
    pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(task))
    }

    /// Waits for the end.
    pub(crate) async fn ended(&mut self) -> Result<(), tokio::task::JoinError> {
        (&mut self.0).await
    }
}

impl Drop for OwnedTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs the task, and starts it again should it end before `stop`: nothing in this crate may die silently.
pub(crate) async fn supervise<F, Fut>(what: &str, stop: &CancellationToken, mut start: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let mut pause = Backoff::between(Duration::from_millis(100), Duration::from_secs(10));
    loop {
        let ended = OwnedTask::spawn(start()).ended().await;
        if stop.is_cancelled() {
            return;
        }
        metrics::counter!("tocsin_queue_restarts_total", "task" => what.to_owned()).increment(1);
        match ended {
            Ok(()) => error!("the {what} ended before its time and is started again"),
            Err(died) => error!("the {what} died and is started again: {died}"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause.next()) => {}
        }
    }
}
