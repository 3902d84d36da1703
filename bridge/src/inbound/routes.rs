//! Who works what: one route for each kind of request that anybody here cares about.

use futures::future::BoxFuture;
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use tocsin_entity::id::InboxId;
use tocsin_queue::JobError;
use tocsin_slack::envelope::{Envelope, Kind};

use super::{prompt::Prompt, sequence::SequencePlace};
use crate::{
    actions, commands, comments, create, directory, home, identity, install, installation::AppInstallation,
    mention, parts::Parts, unfurl, workflow,
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

/// A request to be worked.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) id: InboxId,
    pub(crate) payload: Value,
    /// For which it came, and where alone it may do anything.
    pub(crate) installation: AppInstallation,
    pub(crate) request_id: Option<String>,
    /// When it came.
    pub(crate) received_at: OffsetDateTime,
    /// When this try to work it began.
    pub(crate) taken_up_at: OffsetDateTime,
}

impl Item {
    /// How long ago it came.
    pub(crate) fn age(&self) -> Duration {
        self.taken_up_at - self.received_at
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

/// The place of a request among those that are worked one after another; none where its order does not matter.
pub(crate) fn sequence(envelope: &Envelope) -> Option<SequencePlace> {
    let is_message = envelope.kind == comments::ROUTE.kind && envelope.name == comments::ROUTE.name;
    is_message.then(|| comments::place(&envelope.payload)).flatten()
}

/// Who answers a request.
pub(crate) fn prompt(envelope: &Envelope) -> Option<&'static Prompt> {
    PROMPTS.iter().copied().find(|prompt| {
        prompt.kind == envelope.kind && prompt.name == envelope.name && (prompt.wanted)(&envelope.payload)
    })
}

#[cfg(test)]
#[path = "../../tests/it/inbound/tenants_cases.rs"]
#[expect(dead_code, reason = "what is tried with them is tried from outside")]
mod cases;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use tocsin_slack::envelope::{self, EventRequest};

    use super::*;

    fn name(kind: Kind, name: &str, place: usize) -> String {
        format!("{} {name} {place}", kind.name())
    }

    /// The names of all routes and prompts that take a request.
    fn taken(envelope: &Envelope) -> impl Iterator<Item = String> {
        let is_its = |kind: Kind, name: &str, wanted: fn(&Value) -> bool| {
            kind == envelope.kind && name == envelope.name && wanted(&envelope.payload)
        };
        let routes = all_routes().filter(move |(_, route)| is_its(route.kind, route.name, route.wanted));
        let prompts =
            all_prompts().filter(move |(_, prompt)| is_its(prompt.kind, prompt.name, prompt.wanted));
        let routes = routes.map(|(place, route)| name(route.kind, route.name, place));
        routes.chain(prompts.map(|(place, prompt)| name(prompt.kind, prompt.name, place)))
    }

    fn all_routes() -> impl Iterator<Item = (usize, &'static Route)> {
        ROUTES.iter().copied().chain(&directory::ROUTES).enumerate()
    }

    /// With places that no route has.
    fn all_prompts() -> impl Iterator<Item = (usize, &'static Prompt)> {
        (1_000..).zip(PROMPTS.iter().copied())
    }

    fn envelope(case: &cases::Case, payload: Value) -> Envelope {
        match case.kind {
            "event" => match envelope::event_of(payload) {
                Ok(EventRequest::Event(envelope)) => envelope,
                other => panic!("{}: {other:?}", case.name),
            },
            "interaction" => envelope::interaction_of(payload).expect("an interaction"),
            _ => envelope::command_of(payload.as_object().cloned().expect("fields")).expect("a command"),
        }
    }

    #[test]
    fn every_handler_is_tried_with_requests_that_name_others_workspaces() {
        let place = cases::Place {
            team: "T1",
            channel: "C1",
            ts: "1.0".to_owned(),
            organization: "org_01930000000070008000000000000001".to_owned(),
            incident: "inc_01930000000070008000000000000001".to_owned(),
            bot: "UBOT",
            response_url: "https://hooks.slack.com/actions/1".to_owned(),
        };
        let mut tried = BTreeSet::new();
        for case in cases::CASES {
            let envelope = envelope(case, case.naming("T1", &place, "1.1"));
            let takers: Vec<_> = taken(&envelope).collect();
            assert!(!takers.is_empty(), "nobody handles {}", case.name);
            tried.extend(takers);
        }
        let routes = all_routes().map(|(place, route)| name(route.kind, route.name, place));
        let prompts = all_prompts().map(|(place, prompt)| name(prompt.kind, prompt.name, place));
        let untried: Vec<_> = routes
            .chain(prompts)
            .filter(|name| !tried.contains(name))
            .collect();
        assert_eq!(untried, Vec::<String>::new());
    }

    /// The requests in a body of any of Slack's endpoints.
    fn envelopes(body: &[u8]) -> impl Iterator<Item = Envelope> {
        let event = match envelope::event(body) {
            Ok(EventRequest::Event(envelope)) => Some(envelope),
            Ok(_) | Err(_) => None,
        };
        let others = [envelope::interaction(body), envelope::command(body)];
        event.into_iter().chain(others.into_iter().flatten())
    }

    /// Requests with fields of any shape at all, for each route and each prompt.
    fn look_for_work(body: &[u8]) {
        for envelope in envelopes(body) {
            let _route = find(envelope.kind, &envelope.name, &envelope.payload);
            let _prompt = prompt(&envelope);
        }
    }

    #[test]
    fn what_fuzzing_has_kept_is_looked_through() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/payloads");
        let mut found = 0;
        for file in std::fs::read_dir(folder).expect("a corpus") {
            let body = std::fs::read(file.expect("a file").path()).expect("its bytes");
            found += envelopes(&body).count();
            look_for_work(&body);
        }
        assert!(found > 0, "the corpus holds requests");
    }

    proptest::proptest! {
        #[test]
        fn a_body_of_any_bytes_is_looked_through(body in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            look_for_work(&body);
        }
    }

    #[test]
    fn types_that_nobody_here_works_have_one_label_together() {
        assert_eq!(label("message"), "message");
        assert_eq!(label("made_up_by_the_owner_of_an_app"), "other");
    }
}
