//! Hears the rings of other processes.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    bells::Bells,
    breaker::Breaker,
    error::QueueError,
    store::{Rings, Store},
    supervise::outage_pause,
};

/// How long a silent subscription is believed to live.
const PING_AFTER: Duration = Duration::from_secs(20);

/// Passes rings on to the lanes. While the subscription is broken they poll.
pub(super) async fn listen(
    store: Arc<Store>,
    breaker: Arc<Breaker>,
    bells: Arc<Bells>,
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
                bells.ring_all();
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = pass_on(&mut rings, &bells) => {}
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
async fn pass_on(rings: &mut Rings, bells: &Bells) {
    loop {
        match tokio::time::timeout(PING_AFTER, rings.next()).await {
            Ok(Some(name)) => bells.ring(&name),
            Err(_) if rings.ping().await => {}
            Ok(None) | Err(_) => return,
        }
    }
}
