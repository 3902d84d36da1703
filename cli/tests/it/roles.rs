//! The roles as processes of their own, and the commands that prepare them.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tokio::process::Child;

use crate::process::{Place, client, complaint, printed};

const BRIDGE_TOKEN: &str = "a-token-that-api-and-bridge-share";
const ADMIN_KEY: &str = "the-key-of-the-first-administrator";

/// Executes a statement on the database of a place.
async fn execute(place: &Place, statement: &str) {
    let file = place.path().join("tocsin.db");
    let url = format!("sqlite://{}", file.display());
    let database = sea_orm::Database::connect(url).await.expect("the database opens");
    let done = database.execute_unprepared(statement).await;
    done.expect("the statement works");
    database.close().await.expect("the database closes");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_told_from_one_that_is_half_migrated() {
    let place = Place::new();
    assert!(place.run(&["migrate"], &[]).await.status.success());
    execute(
        &place,
        "DELETE FROM seaql_migrations WHERE version = 'm20261130_000020_add_slack_connector_failed_at'",
    )
    .await;
    let half = place.run(&["migrate"], &[]).await;
    assert!(!half.status.success());
    assert!(
        complaint(&half).contains("was left half migrated"),
        "{}",
        complaint(&half)
    );

    let place = Place::new();
    assert!(place.run(&["migrate"], &[]).await.status.success());
    execute(
        &place,
        "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_to_come', 0)",
    )
    .await;
    let newer = place.run(&["migrate"], &[]).await;
    assert!(!newer.status.success());
    assert!(
        complaint(&newer).contains("was migrated by a newer version of Tocsin"),
        "{}",
        complaint(&newer)
    );
}

#[tokio::test]
async fn an_api_refuses_a_database_that_was_not_migrated() {
    let place = Place::new();
    let output = place.run(&["api"], &[]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        complaint(&output).contains("run `tocsin migrate` first"),
        "{}",
        complaint(&output)
    );
    let made = place.run(&["migrate"], &[]).await;
    assert!(
        printed(&made).starts_with("Made sqlite://tocsin.db with"),
        "{}",
        printed(&made)
    );
    let again = place.run(&["migrate"], &[]).await;
    assert!(
        printed(&again).contains("there was nothing to migrate"),
        "{}",
        printed(&again)
    );
}

#[tokio::test]
async fn a_bridge_says_what_it_needs() {
    let place = Place::new();
    let without_token = complaint(&place.run(&["bridge"], &[]).await);
    assert!(
        without_token.contains("TOCSIN_BRIDGE_TOKEN is unset"),
        "{without_token}"
    );
}

#[tokio::test]
async fn api_bridge_and_simulator_work_together_as_processes_of_their_own() {
    let place = Place::new();
    assert!(place.run(&["migrate"], &[]).await.status.success());
    let [api, bridge, slack] = free_addresses();
    let (api_url, bridge_url) = (format!("http://{api}"), format!("http://{bridge}"));
    let slack_url = format!("http://{slack}");
    let (slack_api, simulator_arguments) = (
        format!("{slack_url}/api"),
        ["simulator", "--callbacks", &bridge_url],
    );
    let mut environment = vec![
        ("TOCSIN_LISTEN", api.as_str()),
        ("TOCSIN_BRIDGE_LISTEN", &bridge),
        ("TOCSIN_SIMULATOR_LISTEN", &slack),
        ("TOCSIN_BRIDGE_TOKEN", BRIDGE_TOKEN),
        ("TOCSIN_ADMIN_KEY", ADMIN_KEY),
        ("SLACK_API_URL", &slack_api),
    ];
    let simulator = place
        .start(&simulator_arguments, &environment, "SLACK_API_URL=")
        .await;
    let told: Vec<(String, String)> = simulator
        .welcome
        .split_whitespace()
        .filter_map(|word| word.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    assert_eq!(
        told[0],
        ("SLACK_API_URL".to_owned(), slack_api.clone()),
        "{}",
        simulator.welcome
    );
    environment.extend(told.iter().map(|(name, value)| (name.as_str(), value.as_str())));

    let mut running = [
        spawn(&place, "api", &environment),
        spawn(&place, "bridge", &environment),
    ];
    for url in [&api_url, &bridge_url] {
        eventually(url, async || get_ok(&format!("{url}/readyz")).await.is_some()).await;
    }
    let document =
        r#"mutation { triggerIncident(input: {title: "Payments are failing"}) { userErrors { code } } }"#;
    let answer = client()
        .post(format!("{api_url}/graphql"))
        .bearer_auth(ADMIN_KEY)
        .json(&json!({ "query": document }));
    let answer: Value = answer.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        answer["data"]["triggerIncident"]["userErrors"],
        json!([]),
        "{answer}"
    );
    let shown = format!("{slack_url}/sim/text/incidents");
    eventually(&shown, async || {
        get_ok(&shown)
            .await
            .is_some_and(|text| text.contains("Payments are failing"))
    })
    .await;

    for process in &mut running {
        let pid = process.id().expect("it runs").to_string();
        assert!(
            std::process::Command::new("kill")
                .arg(&pid)
                .status()
                .unwrap()
                .success()
        );
        let ended = tokio::time::timeout(Duration::from_secs(30), process.wait()).await;
        assert_eq!(ended.expect("it stops").unwrap().code(), Some(0));
    }
    assert_eq!(simulator.stop().await.0, Some(0));
}

#[tokio::test]
async fn an_organisation_and_its_keys_are_made_from_the_command_line() {
    let place = Place::new();
    place.run(&["migrate"], &[]).await;
    let arguments = ["org", "create", "Acme", "--channel", "#acme"];
    let created = printed(&place.run(&arguments, &[]).await);
    let admin = created.split_whitespace().last().expect("a key").to_owned();
    let made = place
        .run(
            &["key", "create", "monitoring", "--scopes", "incidents:trigger"],
            &[],
        )
        .await;
    let key = printed(&made)
        .split_whitespace()
        .last()
        .expect("a key")
        .to_owned();
    let tocsin = place.up(&[]).await;
    let viewer = tocsin
        .ask(&admin, "{ viewer { organization { name slug } scopes } }")
        .await;
    assert_eq!(
        viewer["data"]["viewer"]["organization"],
        json!({ "name": "Acme", "slug": "acme" }),
        "{viewer}"
    );
    let connectors = tocsin.ask(&admin, "{ connectors { channel } }").await;
    assert_eq!(
        connectors["data"]["connectors"],
        json!([{ "channel": "#acme" }]),
        "{connectors}"
    );
    let viewer = tocsin.ask(&key, "{ viewer { scopes } }").await;
    assert_eq!(
        viewer["data"]["viewer"]["scopes"],
        json!(["INCIDENTS_TRIGGER"]),
        "{viewer}"
    );
    let nowhere = place
        .run(&["org", "create", "Other", "--channel", "other"], &[])
        .await;
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(
        complaint(&nowhere).contains("#incidents"),
        "{}",
        complaint(&nowhere)
    );
    let twice = place.run(&arguments, &[]).await;
    assert_eq!(twice.status.code(), Some(1));
    assert!(
        complaint(&twice).contains("\"Acme\" is there already"),
        "{}",
        complaint(&twice)
    );
}

#[tokio::test]
async fn the_schema_is_the_one_that_clients_are_given() {
    for (arguments, file) in [
        (&["schema"][..], "schema.graphql"),
        (&["schema", "--bridge"], "bridge.graphql"),
    ] {
        let output = Place::new().run(arguments, &[]).await;
        let given = std::fs::read_to_string(format!("{}/../{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let command = arguments.join(" ");
        assert!(
            printed(&output) == given,
            "{file} differs: cargo run -- {command} > {file}"
        );
    }
}

fn spawn(place: &Place, role: &str, environment: &[(&str, &str)]) -> Child {
    place
        .command(&[role], environment)
        .spawn()
        .expect("tocsin can be run")
}

/// Addresses that nobody listens on just now.
fn free_addresses() -> [String; 3] {
    let taken = [(); 3].map(|()| std::net::TcpListener::bind("127.0.0.1:0").expect("a free port"));
    taken.map(|listener| listener.local_addr().expect("an address").to_string())
}

async fn get_ok(url: &str) -> Option<String> {
    let answer = client().get(url).send().await.ok()?;
    if answer.status().is_success() {
        answer.text().await.ok()
    } else {
        None
    }
}

async fn eventually(what: &str, so: impl AsyncFn() -> bool) {
    let waiting = async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting)
        .await
        .unwrap_or_else(|_| panic!("never so: {what}"));
}
