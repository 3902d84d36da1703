//! The Home tab, and what is pressed there and in dialogs.

use serde_json::{Value, json};

use crate::app::Taken;
use crate::slack::Slack;

fn text(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}

fn button(block: &str, value: &str) -> Value {
    json!({"type": "actions", "block_id": block, "elements": [
        {"type": "button", "action_id": "acknowledge", "text": text("Acknowledge"), "value": value}]})
}

async fn opened(slack: &Slack, times: usize) -> Taken {
    let is_opening = |taken: &Taken| taken.body["event"]["type"] == "app_home_opened";
    slack.app.wait_for(times, is_opening).await.pop().unwrap()
}

#[tokio::test]
async fn opening_the_home_tab_is_told_with_what_it_shows() {
    let slack = Slack::start().await;
    let alice = slack.sim.person("alice");
    alice.open_home().unwrap();
    let event = opened(&slack, 1).await.body["event"].clone();
    assert_eq!(event["tab"], "home");
    assert!(event["channel"].as_str().unwrap().starts_with('D'), "{event}");
    assert_eq!(event["view"], Value::Null, "nothing was published yet");

    let view = json!({"type": "home", "private_metadata": "p", "blocks": [button("one", "1")]});
    slack
        .ok("views.publish", json!({"user_id": event["user"], "view": view}))
        .await;
    alice.open_home().unwrap();
    let event = opened(&slack, 2).await.body["event"].clone();
    assert_eq!(event["view"]["private_metadata"], "p");
}

#[tokio::test]
async fn a_press_on_the_home_tab_names_its_view_and_no_channel() {
    let slack = Slack::start().await;
    let alice = slack.sim.person("alice");
    let nothing = alice.click_in_view("acknowledge").await.unwrap_err();
    assert!(nothing.to_string().contains("neither a dialog nor a Home tab"));
    let id = slack.sim.snapshot().person("alice").unwrap().id.clone();
    let menu = json!({"type": "section", "block_id": "more", "text": text("More"), "accessory": {"type": "overflow",
        "action_id": "menu", "options": [{"text": text("Mute"), "value": "mute"}, {"text": text("Open"), "value": "open"}]}});
    let view = json!({"type": "home", "blocks": [button("one", "1"), button("two", "2"), menu]});
    let published = slack
        .ok("views.publish", json!({"user_id": id, "view": view}))
        .await;
    assert!(alice.click_in_view("resolve").await.is_err());
    assert!(alice.choose_in_view("menu", "elsewhere").await.is_err());

    let two = json!({"as": "alice", "action": "acknowledge", "block": "two"});
    let url = format!("{}sim/press", slack.sim.url());
    let answer = slack.http.post(url).json(&two).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    alice.choose_in_view("menu", "Mute").await.unwrap();
    let sent = slack.app.wait_for(2, |taken| taken.path == "interactions").await;
    let pressed = &sent[0].body;
    assert_eq!(pressed["actions"][0]["value"], "2");
    assert_eq!(
        pressed["container"],
        json!({"type": "view", "view_id": published["view"]["id"]})
    );
    assert!(
        pressed["channel"].is_null() && pressed["message"].is_null() && pressed["response_url"].is_null()
    );
    assert!(!pressed["trigger_id"].is_null());
    assert_eq!(sent[1].body["actions"][0]["selected_option"]["value"], "mute");

    let dialog = json!({"type": "modal", "title": text("Sure?"), "blocks": [button("three", "3")]});
    slack
        .ok(
            "views.open",
            json!({"trigger_id": pressed["trigger_id"], "view": dialog}),
        )
        .await;
    alice.click_in_view("acknowledge").await.unwrap();
    let sent = slack.app.wait_for(3, |taken| taken.path == "interactions").await;
    assert_eq!(sent[2].body["actions"][0]["value"], "3", "the dialog is on top");
}
