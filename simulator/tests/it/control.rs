//! Driving the workspace from another process.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::slack::Slack;

async fn post(slack: &Slack, path: &str, body: &Value) -> (StatusCode, Value) {
    let url = format!("{}sim/{path}", slack.sim.url());
    let response = slack.http.post(url).json(body).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

async fn get(slack: &Slack, path: &str) -> reqwest::Response {
    slack
        .http
        .get(format!("{}sim/{path}", slack.sim.url()))
        .send()
        .await
        .unwrap()
}

async fn incident(slack: &Slack, text: &str) -> String {
    let blocks = json!([{"type": "actions", "elements": [
        {"type": "button", "action_id": "acknowledge", "text": {"type": "plain_text", "text": "Acknowledge"}},
    ]}]);
    let attachments = json!([{"color": "danger", "blocks": blocks}]);
    let args = json!({"channel": slack.id("incidents"), "text": text, "attachments": attachments});
    slack.ok("chat.postMessage", args).await["ts"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_reply_finds_its_thread_by_number() {
    let slack = Slack::start().await;
    incident(&slack, "Digest: #1, #2 and #12").await;
    let first = incident(&slack, "#1 checkout is down").await;
    let twelfth = incident(&slack, "#12 login is slow").await;
    for (thread, expected) in [
        ("#1", &first),
        ("#12", &twelfth),
        ("latest", &twelfth),
        (&first, &first),
    ] {
        let body = json!({"as": "alice", "channel": "incidents", "thread": thread, "text": "on it"});
        let (status, answer) = post(&slack, "messages", &body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_eq!(answer["thread_ts"], **expected, "{thread}");
    }
    let seen: Value = get(&slack, "channels/incidents").await.json().await.unwrap();
    assert_eq!(seen["messages"][1]["replies"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_reply_waits_for_a_thread_that_is_about_to_come() {
    let slack = Slack::start().await;
    let body = json!({"as": "alice", "channel": "incidents", "thread": "#1", "text": "on it"});
    let (answer, _) = tokio::join!(post(&slack, "messages", &body), incident(&slack, "#1 is down"));
    assert_eq!(answer.0, StatusCode::OK, "{}", answer.1);
}

#[tokio::test]
async fn a_press_by_http_tells_how_the_app_answered() {
    let slack = Slack::start().await;
    incident(&slack, "#1 is down").await;
    let body = json!({"as": "bob", "channel": "#incidents", "thread": "#1", "action": "ACKNOWLEDGE"});
    let (status, answer) = post(&slack, "click", &body).await;
    assert_eq!(
        (status, &answer["status"], &answer["error"]),
        (StatusCode::OK, &json!(200), &Value::Null)
    );
    slack.app.wait_for(1, |t| t.path == "interactions").await;
}

#[tokio::test]
async fn a_bad_request_says_what_to_do() {
    let slack = Slack::start().await;
    let message = |change: Value| {
        let mut body = json!({"as": "alice", "channel": "incidents", "text": "x", "wait": 0});
        body.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        body
    };
    for (path, body, status, hint) in [
        (
            "messages",
            message(json!({"as": "mallory"})),
            404,
            "alice, bob, carol",
        ),
        (
            "messages",
            message(json!({"channel": "nowhere"})),
            404,
            "#incidents, #general, #secret",
        ),
        ("messages", message(json!({"thread": "#7"})), 404, "mentions #7"),
        (
            "messages",
            message(json!({"thread": "latest"})),
            404,
            "posted nothing",
        ),
        (
            "messages",
            message(json!({"thread": "yesterday"})),
            404,
            "\"latest\"",
        ),
        (
            "messages",
            message(json!({"as": "carol", "channel": "secret"})),
            400,
            "not a member",
        ),
        (
            "messages",
            message(json!({"text": null})),
            400,
            "\"text\" is missing",
        ),
        ("messages", message(json!({"txt": "x"})), 400, "for example"),
        ("messages", json!([]), 400, "for example"),
        ("click", message(json!({})), 400, "missing"),
        ("callbacks", json!({"base": "nonsense"}), 400, "no http address"),
        ("limits", json!({"posts_per_second": 0}), 400, "more than 0"),
        ("nothing", json!({}), 404, "GET /sim"),
    ] {
        let (got, answer) = post(&slack, path, &body).await;
        assert_eq!(got.as_u16(), status, "{path} {body}: {answer}");
        let error = answer["error"].as_str().unwrap();
        assert!(
            error.contains(hint),
            "{path} {body}: \"{error}\" should say {hint}"
        );
    }
    assert!(slack.sim.channel("incidents").unwrap().messages.is_empty());
}

#[tokio::test]
async fn messages_are_edited_and_deleted_by_http() {
    let slack = Slack::start().await;
    let ts = slack.sim.person("alice").post("incidents", "frist").unwrap();
    let body = json!({"as": "alice", "channel": "incidents", "ts": ts, "text": "first"});
    assert_eq!(post(&slack, "edit", &body).await.0, StatusCode::OK);
    assert_eq!(slack.sim.channel("incidents").unwrap().messages[0].text, "first");
    let react = json!({"as": "bob", "channel": "incidents", "ts": ts, "emoji": "eyes"});
    assert_eq!(post(&slack, "react", &react).await.0, StatusCode::OK);
    let theirs = json!({"as": "bob", "channel": "incidents", "ts": ts});
    assert_eq!(post(&slack, "delete", &theirs).await.0, StatusCode::BAD_REQUEST);
    let own = json!({"as": "alice", "channel": "incidents", "ts": ts});
    assert_eq!(post(&slack, "delete", &own).await.0, StatusCode::OK);
    assert!(slack.sim.channel("incidents").unwrap().messages[0].deleted);
}

#[tokio::test]
async fn the_channel_is_rendered_as_text() {
    let slack = Slack::start().await;
    incident(&slack, "#1 is down").await;
    slack
        .sim
        .person("alice")
        .reply("incidents", "#1", "On it, @bob & co: *see* https://x.example/1")
        .unwrap();
    let text = get(&slack, "text/incidents").await.text().await.unwrap();
    assert_eq!(
        text,
        "#incidents\n  Tocsin [app]\n    ▌ 🟥 [Acknowledge]\n      Alice Archer\n        \
         On it, @bob & co: see https://x.example/1\n"
    );
}

#[tokio::test]
async fn changes_are_streamed() {
    let slack = Slack::start().await;
    let mut stream = get(&slack, "stream").await;
    slack.sim.person("alice").post("incidents", "x").unwrap();
    let chunk = stream.chunk().await.unwrap().unwrap();
    let line = String::from_utf8(chunk.to_vec()).unwrap();
    let notice: Value = serde_json::from_str(line.trim().strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(notice["channels"], json!([slack.id("incidents")]));
}

#[tokio::test]
async fn calls_can_be_read_without_the_token_in_them() {
    let slack = Slack::start().await;
    incident(&slack, "#1").await;
    slack.get("auth.test", &[]).await;
    let calls: Value = get(&slack, "calls?method=chat.postMessage")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(calls.as_array().unwrap().len(), 1);
    assert_eq!(calls[0]["args"]["text"], "#1");
    assert_eq!(calls[0]["status"], 200);
    assert!(!calls.to_string().contains(slack.sim.bot_token()));
}

#[tokio::test]
async fn the_page_and_its_parts_are_served_and_load_nothing_from_outside() {
    let slack = Slack::start().await;
    let page = slack.http.get(slack.sim.url()).send().await.unwrap();
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(policy.starts_with("default-src 'none'"));
    let html = page.text().await.unwrap();
    assert!(!html.contains("//"), "no address of another host");
    for part in ["style.css", "text.js", "blocks.js", "page.js"] {
        let url = format!("{}page/{part}", slack.sim.url());
        assert!(
            slack.http.get(url).send().await.unwrap().status().is_success(),
            "{part}"
        );
    }
}
