//! Who works what: a route for a kind of request.

use futures::future::BoxFuture;
use serde_json::Value;
use tocsin_slack::envelope::Kind;

use super::{Item, Worked};

/// A kind of request, and its handler.
pub(crate) struct Route<P: 'static> {
    pub(crate) kind: Kind,
    /// The type that Slack gives it, such as `message` or `block_actions`.
    pub(crate) name: &'static str,
    /// Whether a request of this type is worth storing, judged by itself alone.
    pub(crate) wanted: fn(&Value) -> bool,
    pub(crate) work: for<'a> fn(&'a P, &'a Item) -> BoxFuture<'a, Worked>,
}
