//! What the app is told.

use serde_json::json;
use tocsin_simulator::sign;

use crate::slack::Slack;

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
        .reply("incidents", "#1", "A & B < *C* https://x.example/1")
        .unwrap();
    let told = slack
        .app
        .wait_for(1, |t| t.body["event"]["ts"] == ts.as_str())
        .await
        .remove(0);
    let event = &told.body["event"];
    assert_eq!(event["thread_ts"], root["ts"]);
    assert_eq!(event["text"], "A &amp; B &lt; *C* <https://x.example/1>");
    assert_eq!(event["channel_type"], "channel");
    assert_eq!(
        event["blocks"][0]["elements"][0]["elements"],
        json!([
            {"type": "text", "text": "A & B < "},
            {"type": "text", "text": "C", "style": {"bold": true}},
            {"type": "text", "text": " "},
            {"type": "link", "url": "https://x.example/1"},
        ])
    );
    assert_eq!(told.body["type"], "event_callback");
    assert!(told.body["event_id"].as_str().unwrap().starts_with("Ev"));
}

#[tokio::test]
async fn a_pressed_button_reaches_the_app_with_the_message() {
    let slack = Slack::start().await;
    let channel = slack.id("incidents");
    let blocks = json!([{"type": "actions", "elements": [
        {"type": "button", "action_id": "acknowledge", "text": {"type": "plain_text", "text": "Acknowledge"}, "value": "inc_1"},
    ]}]);
    let attachments = json!([{"color": "danger", "blocks": blocks}]);
    let root = slack
        .ok(
            "chat.postMessage",
            json!({"channel": channel, "text": "#1", "attachments": attachments}),
        )
        .await;
    let ts = root["ts"].as_str().unwrap();
    let answer = slack
        .sim
        .person("bob")
        .click("incidents", ts, "Acknowledge")
        .await
        .unwrap();
    assert!(answer.is_ok());
    let payload = slack
        .app
        .wait_for(1, |t| t.path == "interactions")
        .await
        .remove(0)
        .body;
    assert_eq!(payload["type"], "block_actions");
    assert_eq!(payload["user"]["name"], "bob");
    assert_eq!(payload["container"]["type"], "message_attachment");
    assert_eq!(payload["actions"][0]["value"], "inc_1");
    assert_eq!(payload["message"]["ts"], ts);
}
