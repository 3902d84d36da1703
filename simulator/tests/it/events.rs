//! What the app is told, and how often.

use serde_json::{Value, json};
use tocsin_simulator::{ALL_SCOPES, SimulatorConfig, sign};

use crate::app::Reply;
use crate::slack::{PATIENCE, Slack, config};

/// Source: Slack's published example, as in the tests of slackapi/python-slack-sdk (MIT licence).
#[test]
fn the_signature_is_slacks_own() {
    let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V\
        &channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=\
        &response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
        &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    assert_eq!(
        sign("8f742231b10e8888abcd99yyyzzz85a5", "1531420618", body.as_bytes()),
        "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    );
}

#[tokio::test]
async fn a_reply_reaches_the_app_as_a_message_event() {
    let slack = Slack::start().await;
    let channel = slack.id("incidents");
    let root = slack
        .ok(
            "chat.postMessage",
            json!({"channel": channel, "text": "#1 is on fire"}),
        )
        .await;
    let ts = slack
        .sim
        .person("alice")
        .reply("incidents", "#1", "on it")
        .unwrap();
    let told = slack
        .app
        .wait_for(1, |t| t.body["event"]["ts"] == ts.as_str())
        .await
        .remove(0);
    let event = &told.body["event"];
    assert_eq!(event["thread_ts"], root["ts"]);
    assert_eq!(event["parent_user_id"], "U0TOCSINBOT");
    assert_eq!(event["channel_type"], "channel");
    assert_eq!(event["user"], "U00000ALICE");
    assert!(event.get("bot_id").is_none());
    assert_eq!(told.body["type"], "event_callback");
    assert_eq!(told.body["team_id"], "T0TOCSINDEMO");
    assert_eq!(told.body["authorizations"][0]["user_id"], "U0TOCSINBOT");
    assert!(told.body["event_id"].as_str().unwrap().starts_with("Ev"));
}

#[tokio::test]
async fn the_apps_own_posts_come_back_with_their_marks() {
    let slack = Slack::start().await;
    let metadata = json!({"event_type": "tocsin_post", "event_payload": {"op": "1"}});
    let args = json!({"channel": slack.id("incidents"), "text": "x", "metadata": metadata});
    slack.ok("chat.postMessage", args).await;
    let event = slack.app.event("message").await;
    assert_eq!(event["bot_id"], "B0TOCSINBOT");
    assert_eq!(event["app_id"], "A0TOCSINAPP");
    assert_eq!(event["metadata"], metadata);
    assert!(event.get("subtype").is_none());
}

#[tokio::test]
async fn an_edit_and_a_deletion_tell_before_and_after() {
    let slack = Slack::start().await;
    let alice = slack.sim.person("alice");
    let ts = alice.post("incidents", "frist").unwrap();
    alice.edit("incidents", &ts, "first").unwrap();
    let changed = slack
        .app
        .wait_for(1, |t| t.body["event"]["subtype"] == "message_changed")
        .await
        .remove(0);
    let event = &changed.body["event"];
    assert_eq!(event["message"]["text"], "first");
    assert_eq!(event["message"]["edited"]["user"], "U00000ALICE");
    assert_eq!(event["previous_message"]["text"], "frist");
    assert_ne!(event["ts"], ts.as_str(), "the outer ts is the change's own");
    alice.delete("incidents", &ts).unwrap();
    let deleted = slack
        .app
        .wait_for(1, |t| t.body["event"]["subtype"] == "message_deleted")
        .await
        .remove(0);
    assert_eq!(deleted.body["event"]["deleted_ts"], ts.as_str());
    assert_eq!(deleted.body["event"]["previous_message"]["text"], "first");
    assert!(slack.sim.person("bob").edit("incidents", &ts, "x").is_err());
}

#[tokio::test]
async fn an_app_hears_only_channels_it_is_in_and_events_it_may_have() {
    let slack = Slack::start().await;
    slack.sim.person("alice").post("general", "unheard").unwrap();
    slack.sim.person("alice").post("incidents", "heard").unwrap();
    assert_eq!(slack.app.event("message").await["text"], "heard");
    assert_eq!(slack.app.taken().len(), 1);

    let scopes = ALL_SCOPES
        .iter()
        .filter(|s| **s != "channels:history")
        .map(|&s| s.to_owned())
        .collect();
    let slack = Slack::with(SimulatorConfig { scopes, ..config() }).await;
    slack
        .sim
        .person("alice")
        .post("incidents", "unheard, but for the mention of @tocsin")
        .unwrap();
    slack.app.event("app_mention").await;
    assert_eq!(slack.app.taken().len(), 1);
}

#[tokio::test]
async fn a_refused_event_comes_again_under_its_id_with_a_number_and_a_reason() {
    let slack = Slack::start().await;
    slack
        .app
        .answer_next("events", &[Reply::Status(500), Reply::Never, Reply::Status(404)]);
    slack.sim.person("alice").post("incidents", "x").unwrap();
    let taken = slack.app.wait_for(4, |_| true).await;
    let ids: Vec<&Value> = taken.iter().map(|t| &t.body["event_id"]).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    let header = |name: &str| taken.iter().map(|t| t.header(name)).collect::<Vec<_>>();
    assert_eq!(
        header("x-slack-retry-num"),
        [None, Some("1"), Some("2"), Some("3")]
    );
    assert_eq!(
        header("x-slack-retry-reason"),
        [None, Some("http_error"), Some("http_timeout"), Some("http_error")]
    );
    slack
        .sim
        .wait_for_delivery(|d| d.attempt == 3 && d.status == Some(200), PATIENCE)
        .await
        .unwrap();
}

#[tokio::test]
async fn after_three_more_attempts_slack_gives_up() {
    let slack = Slack::start().await;
    slack.app.answer_next(
        "events",
        &[
            Reply::Status(500),
            Reply::Status(500),
            Reply::Status(500),
            Reply::Status(500),
        ],
    );
    slack.sim.person("alice").post("incidents", "lost").unwrap();
    slack
        .sim
        .wait_for_delivery(|d| d.attempt == 3, PATIENCE)
        .await
        .unwrap();
    slack.sim.person("alice").post("incidents", "next").unwrap();
    let next = slack.app.wait_for(1, |t| t.body["event"]["text"] == "next").await;
    assert_eq!(next[0].header("x-slack-retry-num"), None);
    assert_eq!(slack.app.taken().len(), 5);
}

#[tokio::test]
async fn no_retry_is_respected() {
    let slack = Slack::start().await;
    slack.app.answer_next("events", &[Reply::NoRetry]);
    slack.sim.person("alice").post("incidents", "lost").unwrap();
    slack
        .sim
        .wait_for_delivery(|d| d.failure.is_some(), PATIENCE)
        .await
        .unwrap();
    slack.sim.person("alice").post("incidents", "next").unwrap();
    slack.app.wait_for(1, |t| t.body["event"]["text"] == "next").await;
    assert_eq!(slack.app.taken().len(), 2);
}

#[tokio::test]
async fn events_can_come_doubled() {
    let slack = Slack::with(SimulatorConfig {
        duplicate_events: true,
        ..config()
    })
    .await;
    slack.sim.person("alice").post("incidents", "x").unwrap();
    let taken = slack.app.wait_for(2, |_| true).await;
    assert_eq!(taken[0].body["event_id"], taken[1].body["event_id"]);
}

#[tokio::test]
async fn events_can_come_in_swapped_pairs_and_a_single_one_comes_alone() {
    let slack = Slack::with(SimulatorConfig {
        reorder: true,
        ..config()
    })
    .await;
    for text in ["1", "2", "3"] {
        slack.sim.person("alice").post("incidents", text).unwrap();
    }
    slack.app.wait_for(1, |t| t.body["event"]["text"] == "3").await;
    let events = slack.app.events(3, "message").await;
    let place = |text: &str| events.iter().position(|event| event["text"] == text).unwrap();
    assert!(place("2") < place("1"));
}

#[tokio::test]
async fn a_broadcast_reply_carries_its_root() {
    let slack = Slack::start().await;
    let root = slack.sim.person("bob").post("incidents", "root").unwrap();
    slack
        .sim
        .person("alice")
        .reply_and_broadcast("incidents", &root, "to all")
        .unwrap();
    let told = slack
        .app
        .wait_for(1, |t| t.body["event"]["subtype"] == "thread_broadcast")
        .await
        .remove(0);
    assert_eq!(told.body["event"]["thread_ts"], root.as_str());
    assert_eq!(told.body["event"]["root"]["text"], "root");
}

#[tokio::test]
async fn people_channels_and_emoji_are_told_about() {
    let slack = Slack::start().await;
    let alice = slack.sim.person("alice");
    alice
        .set_profile("Alice Anders", Some("anders@example.com"))
        .unwrap();
    let changed = slack.app.event("user_change").await;
    assert_eq!(changed["user"]["profile"]["email"], "anders@example.com");
    let ts = alice.post("incidents", "x").unwrap();
    alice.react("incidents", &ts, ":eyes:").unwrap();
    let reacted = slack.app.event("reaction_added").await;
    assert_eq!(reacted["item"]["ts"], ts.as_str());
    alice.archive("incidents", true).unwrap();
    assert_eq!(
        slack.app.event("channel_archive").await["channel"],
        slack.id("incidents")
    );
}

#[tokio::test]
async fn the_events_address_is_verified_by_a_challenge() {
    let slack = Slack::start().await;
    assert!(
        !slack.sim.verify_events_url().await,
        "an empty 200 is no answer to a challenge"
    );
    let handshake = slack.app.taken().remove(0).body;
    assert_eq!(handshake["type"], "url_verification");
    slack.app.answer_next("events", &[Reply::Challenge]);
    assert!(slack.sim.verify_events_url().await);
}
