//! Who says when a call may be made: Slack limits its methods, and whoever calls keeps within these limits by a pace of its own.

use std::time::Duration;

use futures::future::BoxFuture;
use tocsin_slack::method::Method;

/// What became of asking for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A place was taken, after this wait.
    At(Duration),
    /// None was taken: the next is this far away, which is longer than was asked for.
    WouldWait(Duration),
}

/// The pace of the calls of one workspace.
pub(crate) trait Pacer: std::fmt::Debug + Send + Sync {
    /// Takes a place for a call, not further away than `max_wait`.
    fn reserve(&self, method: Method, max_wait: Duration) -> BoxFuture<'_, Place>;

    /// Slack has refused a call of this method: none is made for so long.
    fn block(&self, method: Method, retry_after: Duration) -> BoxFuture<'_, ()>;
}
