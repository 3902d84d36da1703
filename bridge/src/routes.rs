//! All features, by what they handle: one line for each request, subcommand, incident action, shortcut and workflow step.

use std::sync::Arc;

use crate::{
    acting::{ActionService, subcommand::Subcommands},
    features::{
        actions::{self, Actions, IncidentAction},
        channel_events::{self, ChannelEvents},
        commands::{self, Commands},
        comments::{self, Comments},
        create::{self, IncidentCreation},
        deletion::{self, DeletedMessages},
        home::{self, HomeTabs},
        install,
        mention::{self, Mentions},
        people::{self, People},
        unfurl::{self, UnfurlService},
        workflow::{self, WorkflowSteps},
    },
    request::{Registry, Shortcut, WorkflowStep},
};

/// What people do to an incident: by buttons, the menu, dialogs, and in words. Help tells of them in this order.
pub(crate) const INCIDENT_ACTIONS: &[&IncidentAction] = &[
    &actions::ACKNOWLEDGE,
    &actions::RESOLVE,
    &actions::NOTE,
    &actions::REASSIGN,
    &actions::SNOOZE,
    &actions::REOPEN,
    &actions::ESCALATE,
    &actions::UPDATE,
    &actions::MUTE,
    &actions::UNMUTE,
    &actions::DETAILS,
];

/// The shortcuts in the manifest of the Slack app.
pub(crate) const SHORTCUTS: &[Shortcut] = &create::SHORTCUTS;

/// The steps for Slack's Workflow Builder in the manifest.
pub(crate) const WORKFLOW_STEPS: &[WorkflowStep] = &[workflow::STEP];

/// The features that handle Slack's requests, each with its services.
pub(crate) struct Features {
    pub(crate) acting: Arc<ActionService>,
    pub(crate) actions: Actions,
    pub(crate) channel_events: ChannelEvents,
    pub(crate) comments: Comments,
    pub(crate) creation: Arc<IncidentCreation>,
    pub(crate) deletion: DeletedMessages,
    pub(crate) home: HomeTabs,
    pub(crate) mentions: Mentions,
    pub(crate) people: People,
    pub(crate) subcommands: Arc<Subcommands>,
    pub(crate) unfurl: UnfurlService,
    pub(crate) workflow: WorkflowSteps,
}

/// What may follow the slash command, in the order in which help tells of it.
pub(crate) fn subcommands(acting: &Arc<ActionService>, creation: &Arc<IncidentCreation>) -> Subcommands {
    Subcommands::default()
        .with(creation, [&create::CREATE])
        .with(acting, [&commands::LIST, &commands::SHOW])
        .with_actions(acting, INCIDENT_ACTIONS.iter().filter_map(|action| action.typed))
        .with_thread_actions([actions::STATUS])
        .with(acting, [&commands::STATUS, &commands::WHOAMI, &commands::LOGIN])
        .with(acting, [&commands::LINK, &commands::UNLINK])
}

/// Who handles requests.
pub(crate) fn registry(features: Features) -> Registry {
    let (acting, creation) = (features.acting, features.creation);
    let actions = Arc::new(features.actions);
    let commands = Arc::new(Commands {
        subcommands: features.subcommands,
    });
    let messages = &comments::ROUTE;
    Registry::default()
        .routes(&actions, [&actions::PRESSED, &actions::SUBMITTED])
        .routes(&commands, [&commands::ROUTE])
        .routes(&Arc::new(features.comments), [messages])
        .routes(&creation, [&create::SUBMITTED])
        .routes(&Arc::new(features.deletion), [&deletion::ROUTE])
        .routes(&Arc::new(features.home), [&home::ROUTE])
        .routes(&Arc::new(()), [&install::REVOKED, &install::UNINSTALLED])
        .routes(&Arc::new(features.mentions), [&mention::ROUTE])
        .routes(
            &Arc::new(features.people),
            [&people::USER_CHANGED, &people::USER_JOINED],
        )
        .routes(&Arc::new(features.unfurl), [&unfurl::ROUTE])
        .routes(&Arc::new(features.workflow), [&workflow::ROUTE])
        .routes(&Arc::new(features.channel_events), &channel_events::ROUTES)
        .prompts(&actions, [&actions::OPEN, &actions::OPTIONS, &actions::SUBMIT])
        .prompts(&acting, [&commands::PAGE])
        .prompts(&commands, [&commands::PROMPT])
        .prompts(
            &creation,
            [&create::FROM_HOME, &create::FROM_MESSAGE, &create::GLOBAL],
        )
        .prompts(&creation, [&create::OPTIONS, &create::SUBMIT])
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
    use tempfile::TempDir;
    use tocsin_clock::Clock;
    use tocsin_database::Database;
    use tocsin_queue::{Queue, QueueConfig};
    use tocsin_slack::envelope::{self, Envelope, EventRequest, RequestKind};

    use super::*;
    use crate::{
        acting::{
            answers,
            subcommand::{MentionIntent, ParseError, ParsedCommand},
        },
        bridge::Bridge,
        config::{BridgeConfig, Pace, SlackConfig},
        rich_text::message::MessageEvent,
        texts::commands::USAGE_HINT,
    };

    /// Handlers over services that nothing answers.
    struct World {
        registry: Registry,
        subcommands: Arc<Subcommands>,
        /// Goes with the world.
        _directory: TempDir,
    }

    impl World {
        async fn new() -> Self {
            drop(rustls::crypto::ring::default_provider().install_default());
            let directory = TempDir::new().expect("a directory");
            let url = format!("sqlite://{}", directory.path().join("tocsin.db").display());
            let database = Database::open(&url, 2).await.expect("a database");
            let queue = Queue::connect(&QueueConfig::default()).await.expect("a queue");
            let nowhere: url::Url = "http://127.0.0.1:9".parse().expect("a URL");
            let config = BridgeConfig {
                sealer: None,
                api_url: nowhere.clone(),
                bridge_token: "bridge-token".into(),
                public_url: nowhere.clone(),
                slack: SlackConfig {
                    api_url: nowhere,
                    bot_token: None,
                    client: None,
                    signing_secrets: Vec::new(),
                    socket: None,
                    pace: Pace::Documented,
                },
                instance: "test".to_owned(),
            };
            let bridge = Bridge::with_clock(config, database, queue, Clock::new()).expect("a bridge");
            Self {
                registry: registry(bridge.features()),
                subcommands: bridge.features().subcommands,
                _directory: directory,
            }
        }
    }

    fn name(kind: RequestKind, name: &str, place: usize) -> String {
        format!("{} {name} {place}", kind.name())
    }

    /// The names of all who handle a request: of whom it is, of which type, and whether they want this one.
    fn all<'a>(registry: &'a Registry, envelope: Option<&'a Envelope>) -> impl Iterator<Item = String> {
        let takes = move |kind: RequestKind, name: &str, wants: &dyn Fn(&Value) -> bool| {
            envelope.is_none_or(|envelope| {
                kind == envelope.kind && name == envelope.name && wants(&envelope.payload)
            })
        };
        let handlers = registry.all_handlers().enumerate();
        let handlers = handlers.filter(move |(_, handler)| {
            takes(handler.kind(), handler.name(), &|payload| handler.wants(payload))
        });
        // With places that no handler has.
        let responders = (1_000..).zip(registry.all_responders());
        let responders = responders.filter(move |(_, responder)| {
            takes(responder.kind(), responder.name(), &|payload| {
                responder.wants(payload)
            })
        });
        let handlers = handlers.map(|(place, handler)| name(handler.kind(), handler.name(), place));
        handlers.chain(responders.map(|(place, responder)| name(responder.kind(), responder.name(), place)))
    }

    fn envelope(case: &cases::Case, payload: Value) -> Envelope {
        match case.kind {
            "event" => {
                let request = envelope::event_of(payload);
                let EventRequest::Event(envelope) = request else {
                    panic!("{}: {request:?}", case.name)
                };
                envelope
            }
            "interaction" => envelope::interaction_of(payload),
            _ => envelope::command_of(payload),
        }
    }

    #[tokio::test]
    async fn every_handler_is_tried_with_requests_that_name_others_workspaces() {
        let place = cases::Place {
            team: "T1",
            channel: "C1",
            ts: "1.0".to_owned(),
            organization: "org_01930000000070008000000000000001".to_owned(),
            incident: "inc_01930000000070008000000000000001".to_owned(),
            bot: "UBOT",
            response_url: "https://hooks.slack.com/actions/1".to_owned(),
        };
        let world = World::new().await;
        let mut tried = BTreeSet::new();
        for case in cases::CASES {
            let envelope = envelope(case, case.naming("T1", &place, "1.1"));
            let takers: Vec<_> = all(&world.registry, Some(&envelope)).collect();
            assert!(!takers.is_empty(), "nobody handles {}", case.name);
            tried.extend(takers);
        }
        let untried: Vec<_> = all(&world.registry, None)
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

    /// Requests with fields of any shape at all, for whoever works or answers them.
    fn look_for_work(registry: &Registry, body: &[u8]) {
        for envelope in envelopes(body) {
            let _handler = registry.handler(envelope.kind, &envelope.name, &envelope.payload);
            let _responder = registry.responder(&envelope);
            let _place = registry.place(&envelope);
        }
    }

    #[tokio::test]
    async fn what_fuzzing_has_kept_is_looked_through() {
        let world = World::new().await;
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/payloads");
        let mut found = 0;
        for file in std::fs::read_dir(folder).expect("a corpus") {
            let body = std::fs::read(file.expect("a file").path()).expect("its bytes");
            found += envelopes(&body).count();
            look_for_work(&world.registry, &body);
        }
        assert!(found > 0, "the corpus holds requests");
    }

    #[tokio::test]
    async fn a_body_of_any_bytes_is_looked_through() {
        let world = World::new().await;
        let bodies = proptest::collection::vec(proptest::num::u8::ANY, 0..400);
        let tried = proptest::test_runner::TestRunner::default().run(&bodies, |body| {
            look_for_work(&world.registry, &body);
            Ok(())
        });
        tried.expect("every body is looked through");
    }

    #[tokio::test]
    async fn types_that_nobody_here_works_have_one_label_together() {
        let registry = World::new().await.registry;
        assert_eq!(registry.label("message"), "message");
        assert_eq!(registry.label("made_up_by_the_owner_of_an_app"), "other");
    }

    /// What is wrong with a command.
    fn wrong(subcommands: &Subcommands, text: &str) -> String {
        match subcommands.read(text) {
            Err(ParseError::Wrong { why, .. }) => why,
            Err(error) => panic!("{text}: {error:?}"),
            Ok(_) => panic!("{text} is read"),
        }
    }

    #[tokio::test]
    async fn help_tells_of_every_subcommand_in_order_and_in_one_message() {
        let subcommands = World::new().await.subcommands;
        let names: Vec<_> = subcommands.usages().map(|usage| usage.names[0]).collect();
        assert_eq!(
            names,
            [
                "create", "list", "show", "ack", "resolve", "note", "assign", "snooze", "reopen", "status",
                "whoami", "login", "link", "unlink", "help"
            ]
        );
        let help = answers::help(&subcommands, "/störung");
        for usage in subcommands.usages() {
            assert!(
                help.as_str().contains(&format!("`/störung {}`", usage.form)),
                "{}",
                help.as_str()
            );
        }
        assert!(help.as_str().chars().count() < 3_000);
    }

    #[tokio::test]
    async fn a_command_that_lacks_something_is_told_what() {
        let subcommands = World::new().await.subcommands;
        for text in ["ack", "ack x", "ack 0", "show", "resolve because", "snooze soon"] {
            assert!(wrong(&subcommands, text).contains("number"), "{text}");
        }
        assert!(wrong(&subcommands, "note 3 “”").contains("empty"));
        assert!(wrong(&subcommands, "assign 1").contains("someone"));
        assert!(wrong(&subcommands, "snooze 1 31d").contains("30 days"));
        assert!(wrong(&subcommands, "list yours").contains("yours"));
        assert!(wrong(&subcommands, "create x urgency:huge").contains("high"));
        for text in [
            "\u{a0}ack\u{a0}# 12",
            "Ack\u{3000}12 please",
            "resolve #3 Rolled back.",
            "ls resolved",
        ] {
            assert!(
                matches!(subcommands.read(text), Ok(ParsedCommand::Subcommand(_))),
                "{text}"
            );
        }
        for text in ["  ", "HELP me", "?"] {
            assert!(
                matches!(subcommands.read(text), Ok(ParsedCommand::Help)),
                "{text}"
            );
        }
    }

    #[tokio::test]
    async fn what_is_unknown_says_what_is_close_to_it() {
        let subcommands = World::new().await.subcommands;
        let close = |text: &str| match subcommands.read(text) {
            Err(ParseError::Unknown { close, .. }) => close.map(|usage| usage.names[0]),
            Err(error) => panic!("{text}: {error:?}"),
            Ok(_) => panic!("{text} is read"),
        };
        assert_eq!(close("akc 3"), Some("ack"));
        assert_eq!(close("resolv 3"), Some("resolve"));
        assert_eq!(close("whomai"), Some("whoami"));
        assert_eq!(close("lsit"), Some("list"));
        assert_eq!(close("supercalifragilistic"), None);
        let is_known = |word: &str| subcommands.usages().any(|usage| usage.is_named(word));
        for usage in subcommands.usages() {
            let name = usage.names[0];
            for at in 0..name.len().saturating_sub(1) {
                let mut letters: Vec<char> = name.chars().collect();
                letters.swap(at, at + 1);
                let word: String = letters.into_iter().collect();
                if name.len() > 4 && at < 4 && !is_known(&word) {
                    assert_eq!(close(&word), Some(name), "{word}");
                }
            }
        }
    }

    #[tokio::test]
    async fn a_mention_is_a_command_by_a_word_that_acts_on_an_incident() {
        let subcommands = World::new().await.subcommands;
        let bots = ["UBOT".to_owned()];
        let said = |text: &str, files: Value| {
            let event = serde_json::json!({"text": text, "files": files});
            MessageEvent::of(&serde_json::json!({ "event": event }))
        };
        let is_command = |text: &str| subcommands.is_command(&bots, &said(text, Value::Null));
        for text in [
            "<@UBOT> ack",
            " <@UBOT|tocsin>: Ack!",
            "<@UBOT> note: db is slow",
            "<@UBOT> note",
            "<@UBOT>",
        ] {
            assert!(is_command(text), "{text}");
        }
        for text in [
            "<@UBOT> thanks",
            "<@UBOT> resovle it",
            "<@UBOT> list",
            "<@UADA> ack",
            "ask <@UBOT> ack",
        ] {
            assert!(!is_command(text), "{text}");
        }
        assert!(matches!(
            subcommands.read_mention("resovle it", false),
            MentionIntent::Wrong(ParseError::Unknown { word, close: Some(_) }) if word == "resovle"
        ));
        assert!(matches!(
            subcommands.read_mention("list", false),
            MentionIntent::Wrong(ParseError::CommandOnly { usage }) if usage.names[0] == "list"
        ));
        assert!(matches!(
            subcommands.read_mention("thanks", false),
            MentionIntent::None
        ));
        let file = serde_json::json!([{"name": "graph.png", "permalink": "https://x.slack.com/files/U1/F1/graph.png"}]);
        assert_eq!(
            subcommands.comment_in(&bots, &said("<@UBOT> note", Value::Null)),
            None
        );
        assert_eq!(
            subcommands.comment_in(&bots, &said("<@UBOT> note", file.clone())),
            Some("")
        );
        assert_eq!(subcommands.comment_in(&bots, &said("<@UBOT> assign", file)), None);
    }

    #[tokio::test]
    async fn everything_in_the_commands_hint_can_be_typed() {
        let subcommands = World::new().await.subcommands;
        for example in USAGE_HINT.split(" | ") {
            assert!(subcommands.read(example).is_ok(), "{example}");
        }
    }

    #[tokio::test]
    async fn anything_like_a_command_is_read() {
        let subcommands = World::new().await.subcommands;
        let like = "(create|list|ack|resolve|note|assign|snooze|show) [#0-9a-z <>@|:“”\"\u{a0}.,&;-]{0,40}";
        let any = proptest::prop_oneof![proptest::prelude::any::<String>(), like];
        let tried = proptest::test_runner::TestRunner::default().run(&any, |text| {
            let _ = subcommands.read(&text);
            let _ = subcommands.read_mention(&text, false);
            Ok(())
        });
        tried.expect("everything is read");
    }

    #[test]
    fn every_button_and_option_that_an_incident_shows_is_handled() {
        use crate::mirror::{
            buttons,
            tests::fixtures::{acknowledged, incident, resolved},
        };
        for shown in [incident(), acknowledged(), resolved()] {
            for slack_muted in [false, true] {
                let row = buttons::row(
                    &tocsin_client::Incident {
                        slack_muted,
                        ..shown.clone()
                    },
                    0,
                );
                let elements = row["elements"].as_array().expect("elements");
                for element in elements.iter().filter(|element| !element["url"].is_string()) {
                    let none = vec![Value::Null];
                    for option in element["options"].as_array().unwrap_or(&none) {
                        let press = serde_json::json!({"user": {"id": "U1"},
                            "actions": [{"action_id": element["action_id"], "selected_option": option}]});
                        assert!(
                            actions::ButtonPress::of(INCIDENT_ACTIONS, &press).is_some(),
                            "{press}"
                        );
                    }
                }
            }
        }
    }
}
