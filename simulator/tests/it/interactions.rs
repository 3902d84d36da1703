//! Buttons, response addresses, slash commands.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::app::Reply;
use crate::slack::{PATIENCE, Slack};

fn blocks() -> Value {
    json!([{"type": "actions", "block_id": "acts", "elements": [
        {"type": "button", "action_id": "acknowledge", "text": {"type": "plain_text", "text": "Acknowledge"},
         "style": "primary", "value": "inc_1"},
        {"type": "button", "action_id": "view", "text": {"type": "plain_text", "text": "View"},
         "url": "https://incidents.example.com/1"},
    ]}])
}

async fn posted(slack: &Slack, args: Value) -> String {
    let mut args = args;
    args["channel"] = json!(slack.id("incidents"));
    args["text"] = json!("#1");
    slack.ok("chat.postMessage", args).await["ts"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn payload(slack: &Slack) -> Value {
    slack
        .app
        .wait_for(1, |t| t.path == "interactions")
        .await
        .pop()
        .unwrap()
        .body
}

#[tokio::test]
async fn a_pressed_button_reaches_the_app_with_the_message() {
    let slack = Slack::start().await;
    let ts = posted(
        &slack,
        json!({"attachments": [{"color": "danger", "blocks": blocks()}]}),
    )
    .await;
    let answer = slack
        .sim
        .person("bob")
        .click("incidents", &ts, "acknowledge")
        .await
        .unwrap();
    assert!(answer.is_ok());
    let payload = payload(&slack).await;
    assert_eq!(payload["type"], "block_actions");
    assert_eq!(
        payload["user"],
        json!({"id": "U0000000BOB", "username": "bob", "name": "bob", "team_id": "T0TOCSINDEMO"})
    );
    assert_eq!(payload["container"]["type"], "message_attachment");
    assert_eq!(payload["container"]["attachment_id"], 1);
    assert_eq!(payload["container"]["message_ts"], ts.as_str());
    assert_eq!(payload["channel"]["name"], "incidents");
    assert_eq!(payload["message"]["ts"], ts.as_str());
    let action = &payload["actions"][0];
    assert_eq!(action["action_id"], "acknowledge");
    assert_eq!(action["block_id"], "acts");
    assert_eq!(action["value"], "inc_1");
    assert_eq!(action["type"], "button");
}

#[tokio::test]
async fn a_button_is_found_by_its_label_and_a_link_is_told_too() {
    let slack = Slack::start().await;
    let ts = posted(&slack, json!({"blocks": blocks()})).await;
    slack
        .sim
        .person("bob")
        .click("incidents", &ts, "VIEW")
        .await
        .unwrap();
    let payload = payload(&slack).await;
    assert_eq!(payload["actions"][0]["action_id"], "view");
    assert_eq!(payload["container"]["type"], "message");
    let missing = slack
        .sim
        .person("bob")
        .click("incidents", &ts, "Explode")
        .await
        .unwrap_err()
        .to_string();
    assert!(missing.contains("\"Acknowledge\", \"View\""), "{missing}");
}

#[tokio::test]
async fn an_app_that_fails_is_an_error_before_the_persons_eyes_and_is_not_asked_again() {
    let slack = Slack::start().await;
    let ts = posted(&slack, json!({"blocks": blocks()})).await;
    for reply in [Reply::Never, Reply::Status(500)] {
        slack.app.answer_next("interactions", &[reply]);
        let answer = slack
            .sim
            .person("bob")
            .click("incidents", &ts, "acknowledge")
            .await
            .unwrap();
        assert!(answer.error.unwrap().contains("did not answer"));
    }
    let told = slack.sim.snapshot().errors;
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].person, "U0000000BOB");
    assert_eq!(
        slack
            .app
            .taken()
            .iter()
            .filter(|t| t.path == "interactions")
            .count(),
        2
    );
}

#[tokio::test]
async fn a_response_address_whispers_replaces_and_wears_out() {
    let slack = Slack::start().await;
    let ts = posted(&slack, json!({"blocks": blocks()})).await;
    slack
        .sim
        .person("bob")
        .click("incidents", &ts, "acknowledge")
        .await
        .unwrap();
    let url = payload(&slack).await["response_url"].as_str().unwrap().to_owned();
    let send = async |body: Value| slack.http.post(&url).body(body.to_string()).send().await.unwrap();

    assert!(send(json!({"text": "only for you"})).await.status().is_success());
    let seen = slack.sim.channel("incidents").unwrap();
    assert_eq!(seen.ephemeral[0].text, "only for you");
    assert_eq!(seen.ephemeral[0].ephemeral_for.as_deref(), Some("U0000000BOB"));

    assert!(
        send(json!({"replace_original": true, "text": "replaced"}))
            .await
            .status()
            .is_success()
    );
    assert_eq!(
        slack.sim.channel("incidents").unwrap().messages[0].text,
        "replaced"
    );
    send(json!({"response_type": "in_channel", "text": "for all"})).await;
    assert_eq!(
        slack.sim.channel("incidents").unwrap().messages[1].text,
        "for all"
    );
    assert_eq!(send(json!({"text": ""})).await.status(), StatusCode::BAD_REQUEST);
    send(json!({"delete_original": true})).await;
    assert!(slack.sim.channel("incidents").unwrap().messages[0].deleted);

    let sixth = send(json!({"text": "once more"})).await;
    assert_eq!(sixth.status(), StatusCode::NOT_FOUND);
    assert_eq!(sixth.json::<Value>().await.unwrap()["error"], "used_url");
}

#[tokio::test]
async fn a_command_is_sent_as_a_form_and_its_reply_is_shown() {
    let slack = Slack::start().await;
    slack.app.answer_next(
        "commands",
        &[Reply::Json(
            json!({"response_type": "ephemeral", "text": "Nothing is open."}),
        )],
    );
    let answer = slack
        .sim
        .person("alice")
        .command("incidents", "/incident", "list open")
        .await
        .unwrap();
    assert!(answer.is_ok());
    let fields = slack
        .app
        .wait_for(1, |t| t.path == "commands")
        .await
        .remove(0)
        .body;
    assert_eq!(fields["command"], "/incident");
    assert_eq!(fields["text"], "list open");
    assert_eq!(fields["user_id"], "U00000ALICE");
    assert_eq!(fields["channel_name"], "incidents");
    assert_eq!(
        slack.sim.channel("incidents").unwrap().ephemeral[0].text,
        "Nothing is open."
    );

    slack.app.answer_next("commands", &[Reply::Never]);
    let answer = slack
        .sim
        .person("alice")
        .command("incidents", "/incident", "")
        .await
        .unwrap();
    assert!(answer.error.unwrap().contains("operation_timeout"));
}

#[tokio::test]
async fn a_button_in_a_preview_tells_of_the_preview_and_not_of_the_message() {
    let slack = Slack::start().await;
    let url = "https://incidents.example.com/incidents/1";
    let ts = slack.sim.person("alice").post("general", url).unwrap();
    slack
        .sim
        .wait_for_delivery(|d| d.what == "link_shared" && d.status == Some(200), PATIENCE)
        .await
        .unwrap();
    let args = json!({"channel": slack.id("general"), "ts": ts, "unfurls": {url: {"blocks": blocks()}}});
    slack.until_ok("chat.unfurl", args).await;
    slack
        .sim
        .person("bob")
        .click("general", &ts, "acknowledge")
        .await
        .unwrap();
    let payload = payload(&slack).await;
    assert!(payload.get("message").is_none());
    assert_eq!(payload["container"]["is_app_unfurl"], true);
    assert_eq!(payload["container"]["app_unfurl_url"], url);
    assert_eq!(payload["app_unfurl"]["app_unfurl_url"], url);
}
