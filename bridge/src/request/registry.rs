//! Who handles which request: features are registered here, and whoever takes requests in names none of them.

use std::sync::Arc;

use serde_json::Value;
use tocsin_slack::envelope::{Envelope, RequestKind};

use super::{
    InteractiveRoute, RequestHandler, Responder, Route, SequencePlace, interactive::BoundInteractiveRoute,
    route::BoundRoute,
};

/// The place that a kind of request has among others, by its payload.
type PlaceOf = fn(&Value) -> Option<SequencePlace>;

/// All handlers, each with its services.
#[derive(Default)]
pub(crate) struct Registry {
    handlers: Vec<Arc<dyn RequestHandler>>,
    responders: Vec<Arc<dyn Responder>>,
    places: Vec<(RequestKind, &'static str, PlaceOf)>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry")
            .field("handlers", &self.handlers.len())
            .field("responders", &self.responders.len())
            .finish_non_exhaustive()
    }
}

impl Registry {
    /// Who works requests after they were answered. What has no route is answered, counted and forgotten.
    #[must_use]
    pub(crate) fn routes<S: Send + Sync + 'static>(
        mut self,
        services: &Arc<S>,
        routes: impl IntoIterator<Item = &'static Route<S>>,
    ) -> Self {
        let bound = routes.into_iter().map(|route| BoundRoute {
            services: Arc::clone(services),
            route,
        });
        self.handlers
            .extend(bound.map(|bound| Arc::new(bound) as Arc<dyn RequestHandler>));
        self
    }

    /// Who answers requests. What has no prompt is answered with nothing but its acknowledgement.
    #[must_use]
    pub(crate) fn prompts<S: Send + Sync + 'static>(
        mut self,
        services: &Arc<S>,
        prompts: impl IntoIterator<Item = &'static InteractiveRoute<S>>,
    ) -> Self {
        let bound = prompts.into_iter().map(|prompt| BoundInteractiveRoute {
            services: Arc::clone(services),
            prompt,
        });
        self.responders
            .extend(bound.map(|bound| Arc::new(bound) as Arc<dyn Responder>));
        self
    }

    /// What is worked in the order in which it happened.
    #[must_use]
    pub(crate) fn in_sequence(mut self, kind: RequestKind, name: &'static str, place: PlaceOf) -> Self {
        self.places.push((kind, name, place));
        self
    }

    /// Who works a request. Several routes may share a type, each wanting payloads of its own.
    pub(crate) fn handler(
        &self,
        kind: RequestKind,
        name: &str,
        payload: &Value,
    ) -> Option<&Arc<dyn RequestHandler>> {
        let mut handlers = self.handlers.iter();
        handlers.find(|handler| handler.kind() == kind && handler.name() == name && handler.wants(payload))
    }

    /// Who answers a request.
    pub(crate) fn responder(&self, envelope: &Envelope) -> Option<&Arc<dyn Responder>> {
        let mut responders = self.responders.iter();
        responders.find(|responder| {
            responder.kind() == envelope.kind
                && responder.name() == envelope.name
                && responder.wants(&envelope.payload)
        })
    }

    /// A request's type as it labels metrics. Whoever has an app of their own can name any number of types, and each label is kept for ever.
    pub(crate) fn label(&self, name: &str) -> &'static str {
        let handlers = self.handlers.iter().map(|handler| handler.name());
        let mut known = handlers.chain(self.responders.iter().map(|responder| responder.name()));
        known.find(|known| *known == name).unwrap_or("other")
    }

    /// The place of a request among those that are worked one after another; none where its order does not matter.
    pub(crate) fn place(&self, envelope: &Envelope) -> Option<SequencePlace> {
        let mut places = self.places.iter();
        let (_, _, place) =
            places.find(|(kind, name, _)| *kind == envelope.kind && *name == envelope.name)?;
        place(&envelope.payload)
    }
}

#[cfg(test)]
impl Registry {
    /// All who work requests.
    pub(crate) fn all_handlers(&self) -> impl Iterator<Item = &Arc<dyn RequestHandler>> {
        self.handlers.iter()
    }

    /// All who answer requests.
    pub(crate) fn all_responders(&self) -> impl Iterator<Item = &Arc<dyn Responder>> {
        self.responders.iter()
    }
}
