//! Who handles which request: features are registered here, and whoever takes requests in names none of them.

use serde_json::Value;
use tocsin_slack::envelope::{Envelope, Kind};

use super::{Prompt, Route, SequencePlace, Shortcut, Subcommand, WorkflowStep};
use crate::grammar::verb::Verb;

/// The place that a kind of request has among others, by its payload.
type PlaceOf = fn(&Value) -> Option<SequencePlace>;

/// All handlers, which are handed a `P`.
pub(crate) struct Registry<P: 'static> {
    routes: Vec<&'static Route<P>>,
    prompts: Vec<&'static Prompt<P>>,
    places: Vec<(Kind, &'static str, PlaceOf)>,
    subcommands: Vec<&'static Subcommand<P>>,
    shortcuts: Vec<&'static Shortcut>,
    steps: Vec<&'static WorkflowStep>,
}

impl<P> std::fmt::Debug for Registry<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry")
            .field("routes", &self.routes.len())
            .field("prompts", &self.prompts.len())
            .finish_non_exhaustive()
    }
}

impl<P> Registry<P> {
    /// Nobody handles anything yet.
    pub(crate) fn new() -> Self {
        Self {
            routes: Vec::new(),
            prompts: Vec::new(),
            places: Vec::new(),
            subcommands: Vec::new(),
            shortcuts: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// Who works requests after they were answered. What has no route is answered, counted and forgotten.
    #[must_use]
    pub(crate) fn routes(mut self, routes: impl IntoIterator<Item = &'static Route<P>>) -> Self {
        self.routes.extend(routes);
        self
    }

    /// Who answers requests. What is in no prompt is answered with nothing but its acknowledgement.
    #[must_use]
    pub(crate) fn prompts(mut self, prompts: impl IntoIterator<Item = &'static Prompt<P>>) -> Self {
        self.prompts.extend(prompts);
        self
    }

    /// What is worked in the order in which it happened.
    #[must_use]
    pub(crate) fn in_sequence(mut self, kind: Kind, name: &'static str, place: PlaceOf) -> Self {
        self.places.push((kind, name, place));
        self
    }

    /// Subcommands that features of their own answer and work.
    #[must_use]
    pub(crate) fn subcommands(
        mut self,
        subcommands: impl IntoIterator<Item = &'static Subcommand<P>>,
    ) -> Self {
        self.subcommands.extend(subcommands);
        self
    }

    /// What the manifest of the Slack app names for features.
    #[must_use]
    pub(crate) fn manifest(
        mut self,
        shortcuts: impl IntoIterator<Item = &'static Shortcut>,
        steps: impl IntoIterator<Item = &'static WorkflowStep>,
    ) -> Self {
        self.shortcuts.extend(shortcuts);
        self.steps.extend(steps);
        self
    }

    /// Who answers and works a subcommand.
    pub(crate) fn subcommand(&self, verb: Verb) -> Option<&'static Subcommand<P>> {
        let mut subcommands = self.subcommands.iter().copied();
        subcommands.find(|subcommand| subcommand.verb == verb)
    }

    /// The shortcuts of all features, as they are registered.
    pub(crate) fn shortcuts(&self) -> &[&'static Shortcut] {
        &self.shortcuts
    }

    /// The steps of all features for Slack's Workflow Builder.
    pub(crate) fn steps(&self) -> &[&'static WorkflowStep] {
        &self.steps
    }

    /// Who works a request. Several routes may share a type, each wanting payloads of its own.
    pub(crate) fn route(&self, kind: Kind, name: &str, payload: &Value) -> Option<&'static Route<P>> {
        let mut routes = self.routes.iter().copied();
        routes.find(|route| route.kind == kind && route.name == name && (route.wanted)(payload))
    }

    /// Who answers a request.
    pub(crate) fn prompt(&self, envelope: &Envelope) -> Option<&'static Prompt<P>> {
        let mut prompts = self.prompts.iter().copied();
        prompts.find(|prompt| {
            prompt.kind == envelope.kind && prompt.name == envelope.name && (prompt.wanted)(&envelope.payload)
        })
    }

    /// A request's type as it labels metrics. Whoever has an app of their own can name any number of types, and each label is kept for ever.
    pub(crate) fn label(&self, name: &str) -> &'static str {
        let routes = self.routes.iter().map(|route| route.name);
        let mut known = routes.chain(self.prompts.iter().map(|prompt| prompt.name));
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
impl<P> Registry<P> {
    /// All routes.
    pub(crate) fn all_routes(&self) -> impl Iterator<Item = &'static Route<P>> {
        self.routes.iter().copied()
    }

    /// All prompts.
    pub(crate) fn all_prompts(&self) -> impl Iterator<Item = &'static Prompt<P>> {
        self.prompts.iter().copied()
    }
}
