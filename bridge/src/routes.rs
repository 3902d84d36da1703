//! All features, by the requests that they handle: one line for each.

use crate::{
    features::{
        actions, channel_events, commands, comments, create, home, install, mention, people, unfurl, workflow,
    },
    parts::{Prompt, Registry, Route},
};

/// Who works requests.
const ROUTES: &[&Route] = &[
    &actions::PRESSED,
    &actions::SUBMITTED,
    &commands::ROUTE,
    &comments::ROUTE,
    &create::SUBMITTED,
    &home::ROUTE,
    &install::REVOKED,
    &install::UNINSTALLED,
    &mention::ROUTE,
    &people::USER_CHANGED,
    &people::USER_JOINED,
    &unfurl::ROUTE,
    &workflow::ROUTE,
];

/// Who answers requests.
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

/// All of them.
pub(crate) fn registry() -> Registry {
    let messages = &comments::ROUTE;
    Registry::new()
        .routes(ROUTES.iter().copied().chain(&channel_events::ROUTES))
        .prompts(PROMPTS.iter().copied())
        .subcommands([&create::SUBCOMMAND])
        .manifest(&create::SHORTCUTS, [&workflow::STEP])
        .in_sequence(messages.kind, messages.name, comments::place)
}

#[cfg(test)]
#[path = "../tests/it/inbound/tenants_cases.rs"]
#[expect(dead_code, reason = "what is tried with them is tried from outside")]
mod cases;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;
    use tocsin_slack::envelope::{self, Envelope, EventRequest, Kind};

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
        registry()
            .all_routes()
            .collect::<Vec<_>>()
            .into_iter()
            .enumerate()
    }

    /// With places that no route has.
    fn all_prompts() -> impl Iterator<Item = (usize, &'static Prompt)> {
        (1_000..).zip(registry().all_prompts().collect::<Vec<_>>())
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
            let registry = registry();
            let _route = registry.route(envelope.kind, &envelope.name, &envelope.payload);
            let _prompt = registry.prompt(&envelope);
            let _place = registry.place(&envelope);
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
        let registry = registry();
        assert_eq!(registry.label("message"), "message");
        assert_eq!(registry.label("made_up_by_the_owner_of_an_app"), "other");
    }
}
