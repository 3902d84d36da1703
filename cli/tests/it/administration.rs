//! The commands of administrators, against a Tocsin that runs: what they do, what they say, and what they refuse.

use std::process::Output;

use serde_json::Value;
use tokio::io::AsyncWriteExt;

use crate::process::{Place, Running, complaint, printed};

const KEY: &str = "an-admin-key-for-the-tests-of-commands";

/// A Tocsin with a simulated Slack, and a place from where it is managed.
struct Managed {
    tocsin: Running,
    elsewhere: Place,
}

impl Managed {
    async fn start() -> Self {
        Self {
            tocsin: Place::new().up(&[("TOCSIN_ADMIN_KEY", KEY)]).await,
            elsewhere: Place::new(),
        }
    }

    async fn run_as(&self, key: &str, arguments: &[&str]) -> Output {
        let url = self.tocsin.url("");
        let environment = [("TOCSIN_KEY", key), ("TOCSIN_API_URL", url.as_str())];
        self.elsewhere.run(arguments, &environment).await
    }

    /// What a command prints that succeeds.
    async fn tell(&self, arguments: &[&str]) -> String {
        let output = self.run_as(KEY, arguments).await;
        assert!(output.status.success(), "{arguments:?}: {}", complaint(&output));
        printed(&output)
    }

    /// What a command prints as JSON.
    async fn read(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        serde_json::from_str(&self.tell(&arguments).await).expect("JSON")
    }

    /// What a command complains of that fails; it prints nothing else.
    async fn refuse(&self, arguments: &[&str]) -> String {
        let output = self.run_as(KEY, arguments).await;
        assert_eq!(
            (output.status.code(), printed(&output).as_str()),
            (Some(1), ""),
            "{arguments:?}"
        );
        complaint(&output)
    }
}

fn lines(text: &str) -> Vec<Vec<&str>> {
    text.lines()
        .map(|line| {
            line.split("  ")
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
                .collect()
        })
        .collect()
}

#[tokio::test]
async fn members_and_their_keys_are_made_from_another_machine() {
    let managed = Managed::start().await;
    let dora = ["user", "add", "--name", "Dora Doe", "--email", "dora@example.com"];
    assert_eq!(
        managed.tell(&dora).await,
        "Dora Doe <dora@example.com> is a member: RESPONDER.\n"
    );
    assert!(managed.refuse(&dora).await.contains("ALREADY_EXISTS"));
    let listed = managed.tell(&["user", "list"]).await;
    assert!(
        lines(&listed).contains(&vec!["Dora Doe", "dora@example.com", "RESPONDER", "active"]),
        "{listed}"
    );

    let made = managed
        .read(&["key", "create", "laptop", "--user", "DORA@example.com"])
        .await;
    let secret = made["secret"].as_str().expect("the key");
    let viewer = managed
        .tocsin
        .ask(secret, "{ viewer { user { name } scopes } }")
        .await;
    assert_eq!(viewer["data"]["viewer"]["user"]["name"], "Dora Doe", "{viewer}");
    let nobody = managed
        .refuse(&["key", "create", "laptop", "--user", "nobody@example.com"])
        .await;
    assert!(
        nobody.contains("no active member has the e-mail address"),
        "{nobody}"
    );

    // Her role does not allow what an administrator may.
    let output = managed
        .run_as(
            secret,
            &["user", "add", "--name", "Eve", "--email", "eve@example.com"],
        )
        .await;
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("FORBIDDEN"), "{}", complaint(&output));
}

#[tokio::test]
async fn a_key_of_a_member_is_made_in_the_database_too() {
    let place = Place::new();
    let tocsin = place.up(&[]).await;
    let email = ["--user", "bob@example.com"];
    let output = place
        .run(&["key", "create", "bob", email[0], email[1]], &[])
        .await;
    assert!(output.status.success(), "{}", complaint(&output));
    let text = printed(&output);
    let key = text.split_whitespace().last().expect("a key");
    let viewer = tocsin.ask(key, "{ viewer { user { name } role } }").await;
    assert_eq!(viewer["data"]["viewer"]["user"]["name"], "Bob Baker", "{viewer}");
    let nobody = place
        .run(&["key", "create", "x", "--user", "nobody@example.com"], &[])
        .await;
    assert!(
        complaint(&nobody).contains("no active member has the e-mail address nobody@example.com"),
        "{}",
        complaint(&nobody)
    );
}

#[tokio::test]
async fn connectors_are_tried_when_they_are_made_and_changed() {
    let managed = Managed::start().await;
    assert_eq!(
        managed.tell(&["connector", "add", "#General"]).await,
        "The connector general works: #general takes messages.\n"
    );
    let failing = managed
        .tell(&["connector", "add", "#not-there", "--rules-only"])
        .await;
    assert!(
        failing.contains("delivers nothing yet") && failing.contains("#not-there' --create"),
        "{failing}"
    );
    assert_eq!(
        managed
            .tell(&["connector", "update", "not-there", "--channel", "#incidents"])
            .await,
        "The connector not-there works: #incidents takes messages.\n"
    );
    let moved = managed
        .tell(&["connector", "update", "not-there", "--channel", "#nor-there"])
        .await;
    assert!(
        moved.contains("delivers nothing yet"),
        "what was seen of the channel before is over: {moved}"
    );
    let created = managed
        .tell(&["connector", "add", "#brand-new", "--create", "--name", "fresh"])
        .await;
    assert!(
        created.contains("The connector fresh works: #brand-new takes messages."),
        "{created}"
    );
    let routed = managed
        .tell(&[
            "connector",
            "route",
            "fresh",
            "--urgency",
            "high",
            "--tag",
            "env=prod",
            "--service",
            "default service",
        ])
        .await;
    assert!(
        routed.starts_with("Incidents with service Default service, urgency high, tag env=prod go to "),
        "{routed}"
    );
    assert_eq!(
        managed.tell(&["connector", "delete", "not-there"]).await,
        "The connector not-there is deleted.\n"
    );
    let listed = managed.read(&["connector", "list"]).await;
    let of: Vec<_> = listed
        .as_array()
        .expect("a list")
        .iter()
        .map(|connector| (connector["name"].clone(), connector["status"].clone()))
        .collect();
    let active = |name: &str| (Value::from(name), Value::from("ACTIVE"));
    assert_eq!(of, [active("default"), active("general"), active("fresh")]);
    let unknown = managed.refuse(&["connector", "route", "elsewhere"]).await;
    assert!(unknown.contains("there is no connector elsewhere"), "{unknown}");
}

#[tokio::test]
async fn slack_is_installed_connected_and_tested() {
    let managed = Managed::start().await;
    let link = managed.tell(&["slack", "install-url"]).await;
    assert!(link.contains("/oauth/v2/authorize?client_id="), "{link}");
    let status = managed.tell(&["slack", "status"]).await;
    assert!(
        status.contains("ACTIVE") && status.contains("T0TOCSINDEMO"),
        "{status}"
    );
    assert_eq!(
        managed.tell(&["slack", "test"]).await,
        "Tocsin Demo (T0TOCSINDEMO) answers, and takes the bot token.\n"
    );
    let sent = managed.tell(&["slack", "test", "#incidents"]).await;
    assert!(
        sent.starts_with("A test message is in #incidents.\nhttp://"),
        "{sent}"
    );
    let nowhere = managed.refuse(&["slack", "test", "#nowhere"]).await;
    assert!(nowhere.contains("there is no connector #nowhere"), "{nowhere}");
}

#[tokio::test]
async fn a_bot_token_comes_by_standard_input_and_is_tried() {
    let managed = Managed::start().await;
    let url = managed.tocsin.url("");
    let mut command = managed.elsewhere.command(
        &["slack", "connect", "customers"],
        &[("TOCSIN_KEY", KEY), ("TOCSIN_API_URL", &url)],
    );
    let mut child = command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("tocsin can be run");
    let mut input = child.stdin.take().expect("it is piped");
    input
        .write_all(b"xoxb-not-one-of-theirs\n")
        .await
        .expect("it reads");
    drop(input);
    let output = child.wait_with_output().await.expect("it ends");
    let said = printed(&output);
    assert!(
        said.contains("does not work yet") && said.contains("tocsin slack install-url"),
        "{said}"
    );
    managed.elsewhere.write("token", "xoxb-another-one");
    managed
        .tell(&["slack", "connect", "customers", "--token-file", "token"])
        .await;
    let listed = managed.read(&["slack", "status"]).await;
    let names: Vec<_> = listed
        .as_array()
        .expect("a list")
        .iter()
        .map(|workspace| workspace["name"].clone())
        .collect();
    assert_eq!(
        names,
        ["customers", "Server's workspace (SLACK_BOT_TOKEN)"],
        "no second one"
    );
    let none = managed.refuse(&["slack", "connect", "others"]).await;
    assert!(none.contains("there is no token"), "{none}");
}

#[tokio::test]
async fn who_has_no_key_or_a_wrong_one_is_told_what_to_do() {
    let managed = Managed::start().await;
    let output = managed.run_as("", &["user", "list"]).await;
    assert!(
        complaint(&output).contains("put one into TOCSIN_KEY"),
        "{}",
        complaint(&output)
    );
    let output = managed.run_as("a-wrong-key", &["user", "list"]).await;
    assert!(
        complaint(&output).contains("does not accept the API key"),
        "{}",
        complaint(&output)
    );
    let gone = [("TOCSIN_KEY", KEY), ("TOCSIN_API_URL", "http://127.0.0.1:1")];
    let output = managed.elsewhere.run(&["user", "list"], &gone).await;
    assert!(
        complaint(&output).contains("no Tocsin answers at http://127.0.0.1:1/"),
        "{}",
        complaint(&output)
    );
    let mixed = managed
        .refuse(&["key", "create", "x", "--org", "my-organisation"])
        .await;
    assert!(mixed.contains("--org is for the database"), "{mixed}");
}
