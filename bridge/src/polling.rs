//! Looking at something from time to time, until the shutdown.

use std::{fmt::Display, time::Duration};

use tokio_util::sync::CancellationToken;

/// Waits until the next look; whether the shutdown came first, so that there is none.
pub(crate) async fn ends_within(shutdown: &CancellationToken, pause: Duration) -> bool {
    let waited = shutdown.run_until_cancelled(tokio::time::sleep(pause));
    waited.await.is_none()
}

/// Logs looks that fail: the first as a warning, those that follow it for whoever debugs. A log that fills with one failure hides others.
#[derive(Debug)]
pub(crate) struct FailureLog {
    /// What can't be done, as a sentence.
    message: &'static str,
    fails: bool,
}

impl FailureLog {
    pub(crate) fn new(message: &'static str) -> Self {
        Self {
            message,
            fails: false,
        }
    }

    pub(crate) fn note(&mut self, look: &Result<(), impl Display>) {
        let message = self.message;
        match look {
            Ok(()) => {}
            Err(error) if self.fails => tracing::debug!("{message}: {error}"),
            Err(error) => tracing::warn!("{message} for now: {error}"),
        }
        self.fails = look.is_err();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_shutdown_ends_a_pause() {
        let shutdown = CancellationToken::new();
        assert!(!ends_within(&shutdown, Duration::ZERO).await);
        shutdown.cancel();
        assert!(ends_within(&shutdown, Duration::MAX).await);
    }

    #[test]
    fn a_failure_after_another_is_known() {
        let mut log = FailureLog::new("it can't be read");
        log.note(&Err("gone"));
        assert!(log.fails);
        log.note(&Ok::<(), &str>(()));
        assert!(!log.fails);
    }
}
