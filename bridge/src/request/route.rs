//! Who works what: a route for a kind of request, and the services that it is worked with.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::Value;
use tocsin_slack::envelope::RequestKind;

use super::{InboundRequest, WorkResult};

/// A kind of request, and how it is worked with the services `S`.
pub(crate) struct Route<S: 'static> {
    pub(crate) kind: RequestKind,
    /// The type that Slack gives it, such as `message` or `block_actions`.
    pub(crate) name: &'static str,
    /// Whether a request of this type is worth storing, judged by itself alone.
    pub(crate) wanted: fn(&S, &Value) -> bool,
    pub(crate) work: for<'a> fn(&'a S, &'a InboundRequest) -> BoxFuture<'a, WorkResult>,
}

/// Works a kind of request. Whoever takes requests in knows no more of it.
pub(crate) trait RequestHandler: Send + Sync {
    fn kind(&self) -> RequestKind;

    fn name(&self) -> &'static str;

    fn wants(&self, payload: &Value) -> bool;

    fn work<'a>(&'a self, item: &'a InboundRequest) -> BoxFuture<'a, WorkResult>;
}

/// A route with its services.
pub(super) struct BoundRoute<S: 'static> {
    pub(super) services: Arc<S>,
    pub(super) route: &'static Route<S>,
}

impl<S: Send + Sync> RequestHandler for BoundRoute<S> {
    fn kind(&self) -> RequestKind {
        self.route.kind
    }

    fn name(&self) -> &'static str {
        self.route.name
    }

    fn wants(&self, payload: &Value) -> bool {
        (self.route.wanted)(&self.services, payload)
    }

    fn work<'a>(&'a self, item: &'a InboundRequest) -> BoxFuture<'a, WorkResult> {
        (self.route.work)(&self.services, item)
    }
}
