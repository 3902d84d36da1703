//! Who is let in, and to what.

use serde_json::{Value, json};
use tocsin_simulator::{ALL_SCOPES, ChannelSeed, SimulatorConfig};

use crate::slack::{Slack, config};

fn without(scopes: &[&str]) -> SimulatorConfig {
    let granted = ALL_SCOPES.iter().filter(|s| !scopes.contains(s));
    SimulatorConfig {
        scopes: granted.map(|&s| s.to_owned()).collect(),
        ..config()
    }
}

#[tokio::test]
async fn a_call_needs_the_right_token_in_the_right_place() {
    let slack = Slack::start().await;
    let url = format!("{}/auth.test", slack.sim.api_url());
    let error = async |request: reqwest::RequestBuilder| {
        let reply: Value = request.send().await.unwrap().json().await.unwrap();
        reply["error"].as_str().unwrap_or("none").to_owned()
    };
    let token = slack.sim.bot_token();
    assert_eq!(error(slack.http.post(&url)).await, "not_authed");
    assert_eq!(
        error(slack.http.post(&url).bearer_auth("xoxb-other")).await,
        "invalid_auth"
    );
    assert_eq!(
        error(slack.http.get(&url).query(&[("token", token)])).await,
        "not_authed"
    );
    assert_eq!(
        error(slack.http.post(&url).form(&[("token", token)])).await,
        "none"
    );
    assert_eq!(error(slack.http.get(&url).bearer_auth(token)).await, "none");
}

#[tokio::test]
async fn the_bot_learns_who_it_is_and_what_it_may() {
    let slack = Slack::start().await;
    let response = slack.send("auth.test", &json!({})).await;
    let scopes = response.headers()["x-oauth-scopes"].to_str().unwrap().to_owned();
    assert!(scopes.split(',').any(|scope| scope == "chat:write"));
    let me: Value = response.json().await.unwrap();
    assert_eq!(me["team"], "Tocsin Demo");
    let user = slack
        .get("users.info", &[("user", me["user_id"].as_str().unwrap())])
        .await;
    assert_eq!(user["user"]["is_bot"], true);
}

#[tokio::test]
async fn an_unknown_method_is_named() {
    let slack = Slack::start().await;
    let reply = slack.call("chat.shout", json!({})).await;
    assert_eq!(reply["error"], "unknown_method");
    assert_eq!(reply["req_method"], "chat.shout");
}

#[tokio::test]
async fn a_missing_scope_is_named_with_those_provided() {
    let slack = Slack::with(without(&["chat:write"])).await;
    let reply = slack
        .call(
            "chat.postMessage",
            json!({"channel": slack.id("incidents"), "text": "x"}),
        )
        .await;
    assert_eq!(reply["error"], "missing_scope");
    assert_eq!(reply["needed"], "chat:write");
    assert!(reply["provided"].as_str().unwrap().contains("channels:read"));
}

#[tokio::test]
async fn a_name_of_ones_own_needs_a_scope() {
    let slack = Slack::with(without(&["chat:write.customize"])).await;
    let args = json!({"channel": slack.id("incidents"), "text": "x", "username": "Alice (API)"});
    assert_eq!(slack.refused("chat.postMessage", args).await, "missing_scope");
    assert!(slack.sim.channel("incidents").unwrap().messages.is_empty());
}

#[tokio::test]
async fn public_channels_take_posts_of_strangers_only_with_a_scope() {
    let slack = Slack::with(without(&["chat:write.public"])).await;
    let general = slack.id("general");
    let args = json!({"channel": general, "text": "x"});
    assert_eq!(
        slack.refused("chat.postMessage", args.clone()).await,
        "not_in_channel"
    );
    slack.ok("conversations.join", json!({"channel": general})).await;
    slack.ok("chat.postMessage", args).await;

    let slack = Slack::start().await;
    slack
        .ok("chat.postMessage", json!({"channel": general, "text": "x"}))
        .await;
    let history = slack.get("conversations.history", &[("channel", &general)]).await;
    assert_eq!(
        history["error"], "not_in_channel",
        "posting there does not let the bot read there"
    );
}

#[tokio::test]
async fn a_private_channel_does_not_exist_for_strangers() {
    let slack = Slack::start().await;
    let secret = slack.id("secret");
    assert_eq!(
        slack
            .refused("chat.postMessage", json!({"channel": secret, "text": "x"}))
            .await,
        "channel_not_found"
    );
    assert_eq!(
        slack.get("conversations.info", &[("channel", &secret)]).await["error"],
        "channel_not_found"
    );
    assert_eq!(
        slack
            .refused("conversations.join", json!({"channel": secret}))
            .await,
        "channel_not_found"
    );
    let listed = slack
        .get(
            "conversations.list",
            &[("types", "public_channel,private_channel")],
        )
        .await;
    assert!(!listed.to_string().contains("secret"));

    slack.sim.person("alice").invite_app("secret").unwrap();
    slack
        .ok("chat.postMessage", json!({"channel": secret, "text": "x"}))
        .await;
    let listed = slack
        .get(
            "conversations.list",
            &[("types", "public_channel,private_channel")],
        )
        .await;
    assert!(listed.to_string().contains("secret"));
}

#[tokio::test]
async fn reading_a_kind_of_channel_needs_the_scope_of_that_kind() {
    let slack = Slack::with(without(&["groups:history", "groups:read"])).await;
    slack.sim.person("alice").invite_app("secret").unwrap();
    let reply = slack
        .get("conversations.history", &[("channel", &slack.id("secret"))])
        .await;
    assert_eq!(reply["error"], "missing_scope");
    assert_eq!(reply["needed"], "groups:history");
    let reply = slack
        .get("conversations.list", &[("types", "private_channel")])
        .await;
    assert_eq!(reply["needed"], "groups:read");
    assert_eq!(
        slack.get("conversations.list", &[("types", "rooms")]).await["error"],
        "invalid_types"
    );
}

#[tokio::test]
async fn nothing_is_said_in_an_archived_channel() {
    let channels = vec![
        ChannelSeed::public("old").with_bot().archived(),
        ChannelSeed::public("new").with_bot(),
    ];
    let slack = Slack::with(SimulatorConfig { channels, ..config() }).await;
    let old = slack.id("old");
    assert_eq!(
        slack
            .refused("chat.postMessage", json!({"channel": old, "text": "x"}))
            .await,
        "is_archived"
    );
    assert_eq!(
        slack.refused("conversations.join", json!({"channel": old})).await,
        "is_archived"
    );
    assert!(slack.sim.person("alice").post("old", "x").is_err());

    let new = slack.id("new");
    let posted = slack
        .ok("chat.postMessage", json!({"channel": new, "text": "x"}))
        .await;
    slack.sim.person("alice").archive("new", true).unwrap();
    let args = json!({"channel": new, "ts": posted["ts"], "text": "y"});
    assert_eq!(slack.refused("chat.update", args).await, "is_inactive");
}

#[tokio::test]
async fn an_absent_argument_is_named() {
    let slack = Slack::start().await;
    let reply = slack
        .call("chat.update", json!({"channel": slack.id("incidents")}))
        .await;
    assert_eq!(reply["error"], "invalid_arguments");
    assert_eq!(
        reply["response_metadata"]["messages"][0],
        "[ERROR] missing required field: ts"
    );
}

#[tokio::test]
async fn json_is_read_only_where_slack_reads_it() {
    let slack = Slack::start().await;
    let reply = slack
        .call("users.lookupByEmail", json!({"email": "alice@example.com"}))
        .await;
    assert_eq!(reply["error"], "invalid_arguments");
    let note = slack.sim.calls().pop().unwrap().notes.remove(0);
    assert!(note.contains("forms only"), "{note}");
    let found = slack
        .get("users.lookupByEmail", &[("email", "alice@example.com")])
        .await;
    assert_eq!(found["user"]["name"], "alice");

    let url = format!("{}/chat.postMessage", slack.sim.api_url());
    let post = |kind: &str, body: &str| {
        let request = slack.http.post(&url).bearer_auth(slack.sim.bot_token());
        request.header("content-type", kind).body(body.to_owned()).send()
    };
    for (kind, body, error) in [
        ("application/json", "{", "invalid_json"),
        ("application/json", "[]", "json_not_object"),
        ("text/plain", "channel=x", "invalid_post_type"),
    ] {
        let reply: Value = post(kind, body).await.unwrap().json().await.unwrap();
        assert_eq!(reply["error"], error);
    }
    let body = json!({"channel": slack.id("incidents"), "text": "x"}).to_string();
    let reply: Value = post("application/json", &body)
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(reply["warning"], "missing_charset");
}

#[tokio::test]
async fn form_bodies_carry_structures_as_json_text() {
    let slack = Slack::start().await;
    let url = format!("{}/chat.postMessage", slack.sim.api_url());
    let channel = slack.id("incidents");
    let send = async |blocks: &str| -> Value {
        let form = [
            ("channel", channel.as_str()),
            ("text", "fallback"),
            ("blocks", blocks),
        ];
        let request = slack
            .http
            .post(&url)
            .bearer_auth(slack.sim.bot_token())
            .form(&form);
        request.send().await.unwrap().json().await.unwrap()
    };
    assert_eq!(send(r#"[{"type":"divider"}]"#).await["ok"], true);
    assert_eq!(send("[{").await["error"], "invalid_blocks_format");
    assert_eq!(send("{}").await["error"], "invalid_blocks_format");
}

#[tokio::test]
async fn people_are_found_by_address_only() {
    let slack = Slack::start().await;
    let find = async |email: &str| slack.get("users.lookupByEmail", &[("email", email)]).await;
    assert_eq!(
        find("ALICE@example.com").await["user"]["profile"]["email"],
        "alice@example.com"
    );
    assert_eq!(find("nobody@example.com").await["error"], "users_not_found");
    let everyone = slack.get("users.list", &[]).await;
    let guest = everyone["members"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["name"] == "guest")
        .unwrap()
        .clone();
    assert!(guest["profile"].get("email").is_none());
    assert_eq!(
        slack.get("users.info", &[("user", "U404")]).await["error"],
        "user_not_found"
    );

    let slack = Slack::with(without(&["users:read.email"])).await;
    let alice = slack
        .get("users.info", &[("user", guest["id"].as_str().unwrap())])
        .await;
    assert!(alice["user"]["profile"].get("email").is_none());
    let found = slack
        .get("users.lookupByEmail", &[("email", "alice@example.com")])
        .await;
    assert_eq!(found["needed"], "users:read.email");
}
