//! Who says when a call may be made: Slack limits its methods, and whoever calls keeps within these limits by a pace of its own.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures::{FutureExt, future::BoxFuture};
use tocsin_slack::{method::Method, retry_after::RETRY_AFTER_MAX};

/// What became of asking for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaceSlot {
    /// A place was taken, after this wait.
    At(Duration),
    /// None was taken: the next is this far away, which is longer than was asked for.
    WouldWait(Duration),
}

/// The pace of the calls of one workspace.
pub trait Pacer: std::fmt::Debug + Send + Sync {
    /// Takes a place for a call, not further away than `max_wait`.
    fn reserve(&self, method: Method, max_wait: Duration) -> BoxFuture<'_, PaceSlot>;

    /// Slack has refused a call of this method: none is made for so long.
    fn block(&self, method: Method, retry_after: Duration) -> BoxFuture<'_, ()>;
}

/// No pace but Slack's own: a call is made at once, unless Slack has said when to come again. For a few calls beside all others.
#[derive(Debug, Default)]
pub struct NoPacing(Mutex<HashMap<&'static str, Instant>>);

impl Pacer for NoPacing {
    fn reserve(&self, method: Method, max_wait: Duration) -> BoxFuture<'_, PaceSlot> {
        let blocked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = blocked.get(method.name).copied();
        let wait = until.map_or(Duration::ZERO, |until| {
            until.saturating_duration_since(Instant::now())
        });
        let place = if wait > max_wait {
            PaceSlot::WouldWait(wait)
        } else {
            PaceSlot::At(wait)
        };
        async move { place }.boxed()
    }

    fn block(&self, method: Method, retry_after: Duration) -> BoxFuture<'_, ()> {
        let mut blocked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        blocked.insert(method.name, Instant::now() + retry_after.min(RETRY_AFTER_MAX));
        async {}.boxed()
    }
}

#[cfg(test)]
mod tests {
    use tocsin_slack::method::{AUTH_TEST, USERS_INFO};

    use super::*;

    #[tokio::test]
    async fn a_method_that_slack_has_refused_waits_and_the_others_do_not() {
        let (pacer, hour) = (NoPacing::default(), Duration::from_secs(3_600));
        pacer.block(USERS_INFO, hour).await;
        let place = pacer.reserve(USERS_INFO, Duration::from_secs(5)).await;
        assert!(
            matches!(place, PaceSlot::WouldWait(wait) if wait <= hour),
            "{place:?}"
        );
        assert!(matches!(pacer.reserve(USERS_INFO, hour).await, PaceSlot::At(wait) if !wait.is_zero()));
        assert_eq!(
            pacer.reserve(AUTH_TEST, Duration::ZERO).await,
            PaceSlot::At(Duration::ZERO)
        );
    }
}
