use std::fs;

use serde_json::Value;
use tocsin_entity::kinds::SlackFeature;
use tocsin_slack_app::feature::write;

use super::*;

fn wishes(features: &[SlackFeature]) -> ManifestWishes {
    ManifestWishes {
        name: "Tocsin".to_owned(),
        command: "/incident".to_owned(),
        public_url: Some(at("https://tocsin.example.com")),
        socket_mode: false,
        features: features.iter().copied().collect(),
        token_rotation: false,
    }
}

fn at(url: &str) -> Url {
    Url::parse(url).expect("a URL")
}

fn made(wishes: &ManifestWishes) -> Value {
    manifest(wishes).expect("nothing is wrong with it")
}

fn refused(wishes: &ManifestWishes) -> Vec<String> {
    let faults = manifest(wishes).expect_err("something is wrong with it");
    faults.iter().map(ToString::to_string).collect()
}

/// Every choice of features.
fn choices() -> Vec<Vec<SlackFeature>> {
    let all = SlackFeature::ALL;
    (0_u32..1 << all.len())
        .map(|choice| {
            let chosen = all
                .iter()
                .enumerate()
                .filter(|(place, _)| choice >> place & 1 == 1);
            chosen.map(|(_, feature)| *feature).collect()
        })
        .collect()
}

fn schema() -> jsonschema::Validator {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/samples/specs/manifest.schema.2.0.0.json"
    );
    let schema: Value = serde_json::from_slice(&fs::read(file).expect("the schema is there")).expect("JSON");
    jsonschema::draft7::new(&schema).expect("a schema")
}

#[test]
fn slacks_own_schema_takes_every_choice_of_features_in_every_variant() {
    let schema = schema();
    let mut held = 0;
    for features in choices() {
        let over_http = wishes(&features);
        let with_a_path = ManifestWishes {
            public_url: Some(at("https://example.com:8443/tocsin/")),
            token_rotation: true,
            ..over_http.clone()
        };
        let by_socket = ManifestWishes {
            socket_mode: true,
            ..over_http.clone()
        };
        let behind_a_wall = ManifestWishes {
            public_url: Some(at("http://tocsin.internal")),
            ..by_socket.clone()
        };
        for wishes in [over_http, with_a_path, by_socket, behind_a_wall] {
            let manifest = made(&wishes);
            let faults: Vec<_> = schema
                .iter_errors(&manifest)
                .map(|fault| fault.to_string())
                .collect();
            assert!(faults.is_empty(), "{}: {faults:?}", write(&wishes.features));
            held += 1;
        }
    }
    assert_eq!(held, 4 << SlackFeature::ALL.len());
    assert!(
        !schema.is_valid(&json!({"display_information": {}})),
        "the schema refuses nothing"
    );
}

#[test]
fn the_manifest_of_everything_over_http() {
    insta::assert_json_snapshot!(made(&wishes(&SlackFeature::ALL)));
}

#[test]
fn the_manifest_of_notifications_alone_by_socket_mode() {
    let wishes = ManifestWishes {
        public_url: None,
        socket_mode: true,
        ..wishes(&[])
    };
    insta::assert_json_snapshot!(made(&wishes));
}

#[test]
fn each_feature_brings_what_it_needs_and_no_other_does() {
    let parts: [(&str, SlackFeature); 8] = [
        ("/features/slash_commands", SlackFeature::Commands),
        ("/features/shortcuts", SlackFeature::Commands),
        ("/functions/trigger_incident", SlackFeature::Commands),
        ("/settings/function_runtime", SlackFeature::Commands),
        ("/features/unfurl_domains", SlackFeature::Previews),
        (
            "/settings/event_subscriptions/request_url",
            SlackFeature::Notifications,
        ),
        (
            "/settings/interactivity/message_menu_options_url",
            SlackFeature::Notifications,
        ),
        ("/oauth_config/redirect_urls", SlackFeature::Notifications),
    ];
    for feature in SlackFeature::ALL {
        let alone = made(&wishes(&[feature]));
        for (part, of) in parts {
            let wanted = of == feature || of == SlackFeature::Notifications;
            assert_eq!(
                alone.pointer(part).is_some(),
                wanted,
                "{part} with {}",
                feature.as_str()
            );
        }
        let asked: BTreeSet<_> = [SlackFeature::Notifications, feature].into();
        assert_eq!(alone["oauth_config"]["scopes"]["bot"], json!(bot_scopes(&asked)));
        assert_eq!(
            alone["settings"]["event_subscriptions"]["bot_events"],
            json!(events(&asked))
        );
    }
}

#[test]
fn people_are_asked_for_what_signing_in_and_access_logs_need_and_for_nothing_else() {
    let of_people = |wishes: &ManifestWishes| made(wishes)["oauth_config"]["scopes"]["user"].clone();
    assert_eq!(
        of_people(&wishes(&[SlackFeature::Identity])),
        json!(["email", "openid", "profile"])
    );
    assert_eq!(of_people(&wishes(&[SlackFeature::AccessLogs])), json!(["admin"]));
    assert_eq!(of_people(&wishes(&[SlackFeature::Commands])), Value::Null);
    // There is no way back from signing in.
    let behind_a_wall = ManifestWishes {
        public_url: None,
        socket_mode: true,
        ..wishes(&[SlackFeature::Identity])
    };
    assert_eq!(of_people(&behind_a_wall), Value::Null);
}

#[test]
fn in_socket_mode_slack_is_given_no_address_to_send_to() {
    let manifest = made(&ManifestWishes {
        socket_mode: true,
        ..wishes(&SlackFeature::ALL)
    });
    assert_eq!(manifest["settings"]["socket_mode_enabled"], true);
    for path in [EVENTS, INTERACTIONS, COMMANDS, OPTIONS] {
        assert!(!manifest.to_string().contains(path), "{path}");
    }
    // People still come back from an installation by https.
    assert_eq!(
        manifest["oauth_config"]["redirect_urls"][0],
        "https://tocsin.example.com/slack/oauth/callback"
    );
}

#[test]
fn names_are_written_as_slack_takes_them() {
    for (name, bot) in [
        ("Tocsin", "tocsin"),
        ("Ops & Incidents", "ops---incidents"),
        ("Störung", "st-rung"),
        ("警報", "tocsin"),
    ] {
        let manifest = made(&ManifestWishes {
            name: name.to_owned(),
            ..wishes(&[])
        });
        assert_eq!(manifest["display_information"]["name"], name);
        assert_eq!(manifest["features"]["bot_user"]["display_name"], bot);
    }
}

#[test]
fn what_slack_would_refuse_is_told_before_it_does_and_all_of_it() {
    let wrong = ManifestWishes {
        name: "x".repeat(36),
        command: "/My Incident".to_owned(),
        public_url: Some(at("http://127.0.0.1:8080")),
        ..wishes(&[SlackFeature::Previews])
    };
    insta::assert_snapshot!(refused(&wrong).join("\n"), @r#"
    the name "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" has 36 characters: Slack takes from 1 to 35
    the command "/My Incident" is not one that Slack takes: write a slash and then lower-case letters, digits, hyphens or underscores, at most 32 characters, such as /incident
    Slack does not send to http://127.0.0.1:8080/: give an https address that can be reached from the Internet, or use --socket-mode
    previews need the domain name in Tocsin's addresses, and http://127.0.0.1:8080/ has none: give --url with one, or leave out previews
    "#);
    for command in [
        "incident",
        "/",
        "",
        "/INC",
        "/in cident",
        "/störung",
        &format!("/{}", "a".repeat(32)),
    ] {
        let wrong = ManifestWishes {
            command: command.to_owned(),
            ..wishes(&[])
        };
        assert_eq!(refused(&wrong).len(), 1, "{command:?}");
    }
}

#[test]
fn an_address_that_cannot_do_is_told_with_what_can() {
    let refused = |url: Option<&str>, socket_mode, features: &[SlackFeature], token_rotation| {
        refused(&ManifestWishes {
            public_url: url.map(at),
            socket_mode,
            token_rotation,
            ..wishes(features)
        })
        .join("; ")
    };
    let previews = &[SlackFeature::Previews];
    for (told, expected) in [
        (refused(None, false, &[], false), "use --socket-mode"),
        (
            refused(Some("http://tocsin.example.com"), false, &[], false),
            "give an https address",
        ),
        (
            refused(Some("https://localhost:8080"), false, &[], false),
            "give an https address",
        ),
        (
            refused(Some("https://[::1]:8080"), false, &[], false),
            "give an https address",
        ),
        (
            refused(Some("https://me:hunter2@example.com"), false, &[], false),
            "https://example.com/ is not a base",
        ),
        (
            refused(Some("https://example.com/?a=b"), true, &[], false),
            "is not a base",
        ),
        (
            refused(None, true, previews, false),
            "there is no address: give --url",
        ),
        (
            refused(Some("https://192.0.2.7"), false, previews, false),
            "https://192.0.2.7/ has none",
        ),
        (refused(Some("http://tocsin"), true, previews, false), "has none"),
        (refused(None, true, &[], true), "leave out --token-rotation"),
    ] {
        assert!(told.contains(expected), "{expected:?} is not in {told:?}");
        assert!(!told.contains("hunter2"));
    }
}
