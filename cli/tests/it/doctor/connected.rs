//! What the doctor reads in the database: workspaces that administrators have connected, and what leads there, as far as that can't be asked of Slack.

use serde_json::{Value, json};
use tocsin_simulator::SimulatorConfig;

use super::{cases::Mark, examine, of_workspace, start};
use crate::process::{Place, Running};

const CONNECT: &str = r#"mutation { connectSlackWorkspace(input: {name: "NAME", botToken: "TOKEN"}) { workspace { id } userErrors { message } } }"#;

async fn connect(tocsin: &Running, key: &str, name: &str, token: &str, status: &str) -> String {
    let document = CONNECT.replace("NAME", name).replace("TOKEN", token);
    let answer = tocsin.ask(key, &document).await;
    let id = &answer["data"]["connectSlackWorkspace"]["workspace"]["id"];
    let id = id.as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    until_it_is(tocsin, key, "slackWorkspaces", name, status).await;
    id
}

async fn until_it_is(tocsin: &Running, key: &str, list: &str, name: &str, status: &str) {
    let document = format!("{{ {list} {{ name status }} }}");
    let wanted = json!({"name": name, "status": status});
    let found = async {
        loop {
            let answer = tocsin.ask(key, &document).await;
            let all = answer["data"][list].as_array();
            if all.unwrap_or_else(|| panic!("{answer}")).contains(&wanted) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), found)
        .await
        .unwrap_or_else(|_| panic!("{name} does not come to be {status}"));
}

async fn done(tocsin: &Running, key: &str, document: &str) -> Value {
    let answer = tocsin.ask(key, document).await;
    assert!(answer["errors"].is_null(), "{answer}");
    assert!(!answer.to_string().contains(r#""code""#), "{answer}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_key_can_go_once_the_server_was_started_with_both() {
    const KEY: &str = "an-admin-key-of-the-doctor-in-tests";
    const OLD: &str = "b2xkLW9sZC1vbGQtb2xkLW9sZC1vbGQtb2xkLW9sZC0=";
    const NEW: &str = "bmV3LW5ldy1uZXctbmV3LW5ldy1uZXctbmV3LW5ldy0=";
    let slack = start(SimulatorConfig::default()).await;
    let place = Place::new();
    let with = |key: &str| {
        let own = [
            ("TOCSIN_ADMIN_KEY", KEY.to_owned()),
            ("TOCSIN_SECRET_KEY", key.to_owned()),
        ];
        [of_workspace(&slack).as_slice(), &own].concat()
    };
    let given = with(OLD);
    let given: Vec<_> = given
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let tocsin = place.up(&given).await;
    connect(&tocsin, KEY, "Acme", slack.bot_token(), "ACTIVE").await;
    let app = r#"mutation { createSlackApp(input: {name: "Ours", signingSecret: "hidden-hidden-hidden"}) { userErrors { code } } }"#;
    done(&tocsin, KEY, app).await;
    assert_eq!(tocsin.stop().await.0, Some(0));

    let both = with(&format!("{NEW},{OLD}"));
    let told = examine(&place, &both).await;
    let words = [
        "2 of 2 tokens and secrets are sealed under an earlier key",
        "leave it behind the present one",
    ];
    assert!(told.says(Mark::Look, &words), "{}", told.text);
    let given: Vec<_> = both.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let tocsin = place.up(&given).await;
    let done = async { while examine(&place, &both).await.text.contains("an earlier key") {} };
    let within = std::time::Duration::from_secs(60);
    tokio::time::timeout(within, done)
        .await
        .expect("all are sealed anew");
    assert_eq!(tocsin.stop().await.0, Some(0));

    let told = examine(&place, &with(NEW)).await;
    let words = ["secret key", "it opens what is sealed"];
    assert!(told.says(Mark::Ok, &words), "{}", told.text);
}

#[tokio::test]
async fn two_organisations_to_one_channel_are_told_apart() {
    let slack = start(SimulatorConfig::default()).await;
    let place = Place::new();
    place.run(&["migrate"], &[]).await;
    for name in ["First", "Second"] {
        // Without the token nobody knows that they will share a workspace.
        let made = place
            .run(&["org", "create", name, "--channel", "#incidents"], &[])
            .await;
        assert_eq!(made.status.code(), Some(0), "{made:?}");
    }
    let environment = of_workspace(&slack);
    let given: Vec<_> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let third = place
        .run(&["org", "create", "Third", "--channel", "#incidents"], &given)
        .await;
    assert_eq!(third.status.code(), Some(1), "{third:?}");
    let told = examine(&place, &environment).await;
    let words = [
        "default of Second leads to #incidents, which is another organisation's",
        "tocsin connector update",
    ];
    assert!(told.says(Mark::Wrong, &words), "{}", told.text);
    assert!(
        !told.text.contains("of First") && !told.text.contains("Third"),
        "{}",
        told.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_connected_workspaces_is_read_from_the_database() {
    const KEY: &str = "an-admin-key-of-the-doctor-in-tests";
    let slack = start(SimulatorConfig::default()).await;
    let place = Place::new();
    let environment = of_workspace(&slack);
    let mut given: Vec<_> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    given.push(("TOCSIN_ADMIN_KEY", KEY));
    let tocsin = place.up(&given).await;
    let acme = connect(&tocsin, KEY, "Acme", slack.bot_token(), "ACTIVE").await;
    let dead = format!(
        r##"mutation {{ createConnector(input: {{name: "dead", channel: "#dead", workspaceId: "{acme}", isDefault: true}}) {{ userErrors {{ code }} }} }}"##
    );
    done(&tocsin, KEY, &dead).await;
    let trigger =
        r#"mutation { triggerIncident(input: {title: "Payments are failing"}) { userErrors { code } } }"#;
    done(&tocsin, KEY, trigger).await;
    until_it_is(&tocsin, KEY, "connectors", "dead", "FAILING").await;
    connect(&tocsin, KEY, "Broken", "xoxb-hidden-of-nobody", "FAILING").await;
    let gone = connect(&tocsin, KEY, "Gone", slack.bot_token(), "ACTIVE").await;
    let astray = format!(
        r##"mutation {{ createConnector(input: {{name: "astray", channel: "#general", workspaceId: "{gone}"}}) {{ userErrors {{ code }} }} }}"##
    );
    done(&tocsin, KEY, &astray).await;
    let lost =
        r##"mutation { createConnector(input: {name: "lost", channel: "#lost"}) { userErrors { code } } }"##;
    done(&tocsin, KEY, lost).await;
    let disconnect = format!(
        r#"mutation {{ disconnectSlackWorkspace(input: {{id: "{gone}"}}) {{ userErrors {{ code }} }} }}"#
    );
    done(&tocsin, KEY, &disconnect).await;
    assert_eq!(tocsin.stop().await.0, Some(0));

    let told = examine(&place, &environment).await;
    assert_eq!(told.code, 1, "{}", told.text);
    for (mark, words) in [
        (Mark::Ok, &["workspace", "Acme is active"][..]),
        (
            Mark::Wrong,
            &["Broken does not work", "invalid_auth", "tocsin slack connect"],
        ),
        (
            Mark::Wrong,
            &[
                "astray leads to the workspace Gone, which is disconnected",
                "tocsin connector update",
            ],
        ),
        (Mark::Wrong, &["dead delivers nothing", "sees no channel #dead"]),
        (Mark::Wrong, &["connector lost", "sees no channel #lost"]),
        (Mark::Ok, &["the bot can post in #incidents"]),
        (Mark::Ok, &["secret key", "it opens what is sealed"]),
    ] {
        assert!(told.says(mark, words), "{words:?} is not in {}", told.text);
    }
    assert!(
        !told.text.contains("hidden") && !told.text.contains("Gone does"),
        "{}",
        told.text
    );

    let other = (
        "TOCSIN_SECRET_KEY",
        "b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItb3Q=".to_owned(),
    );
    let with_other = [environment.as_slice(), &[other]].concat();
    let told = examine(&place, &with_other).await;
    let words = [
        "the token of the workspace Acme can't be opened",
        "add the earlier key behind the present one",
    ];
    assert!(told.says(Mark::Wrong, &words), "{}", told.text);

    let file = place.path().join("tocsin-secret.key");
    std::fs::remove_file(&file).expect("the key was kept there");
    let told = examine(&place, &environment).await;
    let words = [
        "2 tokens and secrets of Slack are sealed",
        "restore tocsin-secret.key from a backup",
    ];
    assert!(told.says(Mark::Wrong, &words), "{}", told.text);
    assert!(!file.exists(), "the doctor has made a key that opens nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_itself_is_asked_about_connected_workspaces_when_no_bridge_runs() {
    const KEY: &str = "an-admin-key-of-the-doctor-in-tests";
    let slack = start(SimulatorConfig::default()).await;
    let place = Place::new();
    let environment = of_workspace(&slack);
    let mut given: Vec<_> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    given.push(("TOCSIN_ADMIN_KEY", KEY));
    let tocsin = place.up(&given).await;
    let acme = connect(&tocsin, KEY, "Acme", slack.bot_token(), "ACTIVE").await;
    for (name, channel) in [("open", "#general"), ("closed", "#secret"), ("gone", "#nowhere")] {
        let connector = format!(
            r#"mutation {{ createConnector(input: {{name: "{name}", channel: "{channel}", workspaceId: "{acme}"}}) {{ userErrors {{ code }} }} }}"#
        );
        done(&tocsin, KEY, &connector).await;
    }
    assert_eq!(tocsin.stop().await.0, Some(0));

    let told = examine(&place, &environment).await;
    assert_eq!(told.code, 1, "{}", told.text);
    for (mark, words) in [
        (Mark::Ok, &["Acme is active", "Tocsin Demo"][..]),
        (Mark::Ok, &["connector open", "the bot can post in #general"]),
        (Mark::Wrong, &["closed", "invite the bot with /invite"]),
        (Mark::Wrong, &["gone", "sees no channel #nowhere"]),
    ] {
        assert!(told.says(mark, words), "{words:?} is not in {}", told.text);
    }

    slack.revoke_bot_tokens();
    let told = examine(&place, &environment).await;
    let words = [
        "Acme does not work",
        "token_revoked",
        "the bridge has not noticed yet",
    ];
    assert!(told.says(Mark::Wrong, &words), "{}", told.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_that_reach_nobody_are_told() {
    const KEY: &str = "an-admin-key-of-the-doctor-in-tests";
    let slack = start(SimulatorConfig::default()).await;
    let place = Place::new();
    let environment = of_workspace(&slack);
    let mut given: Vec<_> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    given.push(("TOCSIN_ADMIN_KEY", KEY));
    let tocsin = place.up(&given).await;
    let connectors = tocsin.ask(KEY, "{ connectors { id } }").await;
    let id = connectors["data"]["connectors"][0]["id"]
        .as_str()
        .expect("the first connector")
        .to_owned();
    let aside = format!(
        r#"mutation {{ updateConnector(input: {{id: "{id}", isDefault: false}}) {{ userErrors {{ code }} }} }}"#
    );
    done(&tocsin, KEY, &aside).await;
    let told = examine(&place, &environment).await;
    assert!(
        told.says(Mark::Wrong, &["no default connector", "--default true"]),
        "{}",
        told.text
    );
    let away =
        format!(r#"mutation {{ deleteConnector(input: {{id: "{id}"}}) {{ userErrors {{ code }} }} }}"#);
    done(&tocsin, KEY, &away).await;
    let told = examine(&place, &environment).await;
    assert!(
        told.says(Mark::Wrong, &["has no connector", "tocsin connector add"]),
        "{}",
        told.text
    );
    assert_eq!(told.code, 1);
    assert_eq!(tocsin.stop().await.0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_signing_secret_is_seen_from_the_requests_that_were_refused() {
    let slack = start(SimulatorConfig::default()).await;
    slack.set_socket_mode(false);
    let place = Place::new();
    let mut environment = of_workspace(&slack);
    environment.retain(|(name, _)| *name != "SLACK_SIGNING_SECRET");
    environment.push(("SLACK_SIGNING_SECRET", super::SIGNING_SECRET.to_owned()));
    let given: Vec<_> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let tocsin = place.up(&given).await;
    slack.set_callbacks(&tocsin.url("/").parse().expect("a URL"));
    slack
        .person("alice")
        .post("incidents", "Is anybody there?")
        .expect("a message");
    let told = async {
        loop {
            let told = examine(&place, &environment).await;
            if told.says(Mark::Wrong, &["requests", "SIGNATURE_MISMATCH"]) {
                return told;
            }
        }
    };
    let told = tokio::time::timeout(std::time::Duration::from_secs(60), told)
        .await
        .expect("the doctor tells of it");
    let words = [
        "the signing secret is wrong",
        "SLACK_SIGNING_SECRET",
        "Basic Information",
    ];
    assert!(told.says(Mark::Wrong, &words), "{}", told.text);
    assert_eq!(tocsin.stop().await.0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_opens_nothing_is_named_in_graphql() {
    const KEY: &str = "an-admin-key-of-the-doctor-in-tests";
    const OLD: &str = "b2xkLW9sZC1vbGQtb2xkLW9sZC1vbGQtb2xkLW9sZC0=";
    const NEW: &str = "bmV3LW5ldy1uZXctbmV3LW5ldy1uZXctbmV3LW5ldy0=";
    let slack = start(SimulatorConfig::default()).await;
    let place = Place::new();
    let with = |key: &str| {
        let own = [
            ("TOCSIN_ADMIN_KEY", KEY.to_owned()),
            ("TOCSIN_SECRET_KEY", key.to_owned()),
        ];
        [of_workspace(&slack).as_slice(), &own].concat()
    };
    let given = with(OLD);
    let given: Vec<_> = given
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let tocsin = place.up(&given).await;
    connect(&tocsin, KEY, "Acme", slack.bot_token(), "ACTIVE").await;
    let app = r#"mutation { createSlackApp(input: {name: "Ours", signingSecret: "hidden-hidden-hidden"}) { userErrors { code } } }"#;
    done(&tocsin, KEY, app).await;
    assert_eq!(tocsin.stop().await.0, Some(0));

    let given = with(NEW);
    let given: Vec<_> = given
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let tocsin = place.up(&given).await;
    until_it_is(&tocsin, KEY, "slackWorkspaces", "Acme", "FAILING").await;
    let told = tocsin
        .ask(
            KEY,
            "{ slackWorkspaces { name reasonCode reason } slackApps { reasonCode reason } }",
        )
        .await;
    for which in ["slackWorkspaces", "slackApps"] {
        let one = &told["data"][which][0];
        assert_eq!(one["reasonCode"], "secret_key_mismatch", "{told}");
        let reason = one["reason"].as_str().unwrap_or_default();
        assert!(reason.contains("TOCSIN_SECRET_KEY"), "{reason}");
    }
    assert_eq!(tocsin.stop().await.0, Some(0));
}
