//! Hears the rings of other processes.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    breaker::Breaker,
    error::QueueError,
    store::{RemoteWakeups, Store},
    supervise::outage_pause,
    wakeups::Wakeups,
};

/// How long a silent subscription is believed to live.
const PING_AFTER: Duration = Duration::from_secs(20);

/// Passes wake-ups on to the consumers. While the subscription is broken they poll.
pub(super) async fn listen(
    store: Arc<Store>,
    breaker: Arc<Breaker>,
    wakeups: Arc<Wakeups>,
    stop: CancellationToken,
) {
    let Store::Redis(redis) = store.as_ref() else {
        stop.cancelled().await;
        return;
    };
    let mut pause = outage_pause();
    while !stop.is_cancelled() {
        match redis.listen().await {
            Ok(mut rings) => {
                pause.reset();
                wakeups.ring_all();
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = pass_on(&mut rings, &wakeups) => {}
                }
                breaker.failed(&QueueError::Backend("the subscription ended".into()));
            }
            Err(error) => breaker.failed(&error),
        }
        let again = async {
            tokio::time::sleep(pause.next()).await;
            breaker.until_works().await;
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = again => {}
        }
    }
}

/// Returns when the subscription no longer lives.
async fn pass_on(rings: &mut RemoteWakeups, wakeups: &Wakeups) {
    loop {
        match tokio::time::timeout(PING_AFTER, rings.next()).await {
            Ok(Some(name)) => wakeups.ring(&name),
            Err(_) if rings.ping().await => {}
            Ok(None) | Err(_) => return,
        }
    }
}
