//! One look into the backend.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::time::Instant;
use tracing::info;

use crate::{
    error::QueueError,
    store::{Seat, Store},
    task::Taken,
};

/// A look into the backend that is under way.
pub(super) struct QueueLook {
    outcome: BoxFuture<'static, Result<Taken, QueueError>>,
    began: Instant,
    room: usize,
    recovers: bool,
}

/// What a look has brought.
pub(super) struct Looked {
    pub(super) outcome: Result<Taken, QueueError>,
    /// How many jobs there was room for.
    pub(super) room: usize,
    /// Whether it made sure that the backend knows us.
    pub(super) recovered: bool,
}

impl QueueLook {
    /// Takes up to `room` jobs. With `recovers` it makes sure before that the backend knows us, and that it believes nothing to be
    /// with us that is not: a call whose answer was lost may have taken jobs all the same.
    pub(super) fn begin(store: Arc<Store>, seat: Seat, room: usize, recovers: bool) -> Self {
        let outcome = async move {
            if recovers {
                store.beat(&seat).await?;
                let count = store.hand_back(&seat).await?;
                if count > 0 {
                    info!(
                        "handed back {count} {} jobs that were taken but never arrived",
                        seat.name
                    );
                }
            }
            store.take(&seat, room).await
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
    pub(super) async fn outcome(&mut self) -> Looked {
        Looked {
            outcome: (&mut self.outcome).await,
            room: self.room,
            recovered: self.recovers,
        }
    }
}
