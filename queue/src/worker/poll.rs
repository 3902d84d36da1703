//! One look into the backend.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::time::Instant;
use tracing::info;

use crate::{
    error::QueueError,
    store::{Store, WorkerRegistration},
    task::TakenTasks,
};

/// A look into the backend that is under way.
pub(super) struct QueuePoll {
    outcome: BoxFuture<'static, Result<TakenTasks, QueueError>>,
    began: Instant,
    room: usize,
    recovers: bool,
}

/// What a look has brought.
pub(super) struct QueuePollOutcome {
    pub(super) outcome: Result<TakenTasks, QueueError>,
    /// How many jobs there was room for.
    pub(super) room: usize,
    /// Whether it made sure that the backend knows us.
    pub(super) recovered: bool,
}

impl QueuePoll {
    /// Takes up to `room` jobs. With `recovers` it makes sure before that the backend knows us, and that it believes nothing to be
    /// with us that is not: a call whose answer was lost may have taken jobs all the same.
    pub(super) fn begin(
        store: Arc<Store>,
        registration: WorkerRegistration,
        room: usize,
        recovers: bool,
    ) -> Self {
        let outcome = async move {
            if recovers {
                store.beat(&registration).await?;
                let count = store.hand_back(&registration).await?;
                if count > 0 {
                    info!(
                        "handed back {count} {} jobs that were taken but never arrived",
                        registration.name
                    );
                }
            }
            store.take(&registration, room).await
        };
        Self {
            outcome: Box::pin(outcome),
            began: Instant::now(),
            room,
            recovers,
        }
    }

    /// When it began.
    pub(super) fn began(&self) -> Instant {
        self.began
    }

    /// Waits for the end. Nothing is lost if that is broken off, and gone on with later.
    pub(super) async fn outcome(&mut self) -> QueuePollOutcome {
        QueuePollOutcome {
            outcome: (&mut self.outcome).await,
            room: self.room,
            recovered: self.recovers,
        }
    }
}
