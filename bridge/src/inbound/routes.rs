//! Who works what: one route for each kind of request that anybody here cares about.

use futures::future::BoxFuture;
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use tocsin_entity::id::{InboxId, SlackAppId};
use tocsin_queue::JobError;

use super::{
    envelope::{Envelope, Kind},
    prompt::Prompt,
};
use crate::{
    actions, bridge::Parts, commands, comments, create, directory, home, identity, install, mention, unfurl,
    workflow,
};

/// Every route. What has none is answered, counted and forgotten.
const ROUTES: &[&Route] = &[
    &actions::PRESSED,
    &actions::SUBMITTED,
    &commands::ROUTE,
    &comments::ROUTE,
    &create::SUBMITTED,
    &home::ROUTE,
    &identity::USER_CHANGED,
    &identity::USER_JOINED,
    &install::REVOKED,
    &install::UNINSTALLED,
    &mention::ROUTE,
    &unfurl::ROUTE,
    &workflow::ROUTE,
];

/// Every prompt: what is in none is answered with nothing but its acknowledgement.
const PROMPTS: &[&Prompt] = &[
    &actions::OPEN,
    &actions::OPTIONS,
    &actions::SUBMIT,
    &commands::PAGE,
    &commands::PROMPT,
    &create::FROM_HOME,
    &create::FROM_MESSAGE,
    &create::GLOBAL,
    &create::OPTIONS,
    &create::SUBMIT,
];

/// A kind of request, and its handler.
pub(crate) struct Route {
    pub(crate) kind: Kind,
    /// The type that Slack gives it, such as `message` or `block_actions`.
    pub(crate) name: &'static str,
    /// Whether a request of this type is worth storing, judged by itself alone.
    pub(crate) wanted: fn(&Value) -> bool,
    pub(crate) work: for<'a> fn(&'a Parts, &'a Item) -> BoxFuture<'a, Worked>,
}

/// What came of working a request; a failure says whether to try again.
pub(crate) type Worked = Result<Outcome, JobError>;

/// What came of working a request, as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was for us.
    Done(&'static str),
    /// It was not: what people say elsewhere is forgotten at once.
    NotOurs(&'static str),
}

/// Why a request is not worked yet where nothing is wrong: others go first.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Turn(pub(crate) &'static str);

/// A request to be worked.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) id: InboxId,
    pub(crate) payload: Value,
    /// The organisation's own Slack app that has sent it; none for the server's.
    pub(crate) app: Option<SlackAppId>,
    pub(crate) request_id: Option<String>,
    /// When it came.
    pub(crate) received_at: OffsetDateTime,
}

impl Item {
    /// How long ago it came.
    pub(crate) fn age(&self) -> Duration {
        OffsetDateTime::now_utc() - self.received_at
    }

    /// What makes a mutation the same one when it is repeated.
    pub(crate) fn idempotency_key(&self) -> String {
        self.id.to_string()
    }
}

/// Who works a request. Several routes may share a type, each wanting payloads of its own.
pub(crate) fn find(kind: Kind, name: &str, payload: &Value) -> Option<&'static Route> {
    ROUTES
        .iter()
        .copied()
        .chain(&directory::ROUTES)
        .find(|route| route.kind == kind && route.name == name && (route.wanted)(payload))
}

/// A request's type as it labels metrics. Whoever has an app of their own can name any number of types, and each label is kept for ever.
pub(crate) fn label(name: &str) -> &'static str {
    let routes = ROUTES
        .iter()
        .copied()
        .chain(&directory::ROUTES)
        .map(|route| route.name);
    let mut known = routes.chain(PROMPTS.iter().map(|prompt| prompt.name));
    known.find(|known| *known == name).unwrap_or("other")
}

/// Who answers a request.
pub(crate) fn prompt(envelope: &Envelope) -> Option<&'static Prompt> {
    PROMPTS.iter().copied().find(|prompt| {
        prompt.kind == envelope.kind && prompt.name == envelope.name && (prompt.wanted)(&envelope.payload)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_that_nobody_here_works_have_one_label_together() {
        assert_eq!(label("message"), "message");
        assert_eq!(label("made_up_by_the_owner_of_an_app"), "other");
    }
}
