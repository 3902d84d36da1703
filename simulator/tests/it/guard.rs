//! What another web page can do to the simulator: nothing.

use reqwest::{RequestBuilder, StatusCode};
use serde_json::json;

use crate::slack::Slack;

async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.unwrap().status()
}

/// How many messages people have written.
fn written(slack: &Slack) -> usize {
    slack.sim.channel("incidents").unwrap().messages.len()
}

#[tokio::test]
async fn a_form_or_plain_text_of_another_page_changes_nothing() {
    let slack = Slack::start().await;
    let before = written(&slack);
    let url = slack.sim.url().join("sim/messages").unwrap();
    let message = json!({"as": "alice", "channel": "incidents", "text": "forged"}).to_string();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
    ] {
        let request = slack.http.post(url.clone()).header("content-type", content_type);
        assert_eq!(
            status(request.body(message.clone())).await,
            StatusCode::UNSUPPORTED_MEDIA_TYPE
        );
    }
    let untyped = slack.http.post(url.clone()).body(message.clone());
    assert_eq!(status(untyped).await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let socket = slack.sim.url().join("sim/socket").unwrap();
    let request = slack.http.post(socket).header("content-type", "text/plain");
    assert_eq!(
        status(request.body(r#"{"enabled": true}"#)).await,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    assert_eq!(written(&slack), before);
}

#[tokio::test]
async fn another_origin_is_refused_everywhere_and_the_own_page_is_not() {
    let slack = Slack::start().await;
    let before = written(&slack);
    let own = slack.sim.url().as_str().trim_end_matches('/').to_owned();
    let body = json!({"as": "alice", "channel": "incidents", "text": "from a page"});
    let messages = slack.sim.url().join("sim/messages").unwrap();
    for foreign in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        for path in [
            "sim/messages",
            "api/chat.postMessage",
            "oauth/v2/authorize",
            "sim/faults",
        ] {
            let url = slack.sim.url().join(path).unwrap();
            let request = slack.http.post(url).json(&body).header("origin", foreign);
            assert_eq!(status(request).await, StatusCode::FORBIDDEN, "{foreign} {path}");
        }
        let socket = slack
            .http
            .get(slack.sim.url().join("link").unwrap())
            .header("origin", foreign);
        assert_eq!(status(socket).await, StatusCode::FORBIDDEN, "{foreign}");
    }
    let silent = slack
        .http
        .post(messages.clone())
        .json(&body)
        .header("sec-fetch-site", "cross-site");
    assert_eq!(status(silent).await, StatusCode::FORBIDDEN);
    assert_eq!(written(&slack), before);
    let page = slack.http.post(messages).json(&body).header("origin", own);
    assert_eq!(status(page).await, StatusCode::OK);
    assert_eq!(written(&slack), before + 1);
}

#[tokio::test]
async fn a_name_that_was_made_to_lead_here_is_refused() {
    let slack = Slack::start().await;
    for path in ["", "sim/installation", "sim/stream", "api/auth.test"] {
        let url = slack.sim.url().join(path).unwrap();
        let rebound = slack.http.get(url.clone()).header("host", "evil.example:8082");
        assert_eq!(status(rebound).await, StatusCode::FORBIDDEN, "{path}");
    }
    let local = slack.http.get(slack.sim.url()).header("host", "localhost:8082");
    assert_eq!(status(local).await, StatusCode::OK);
}

#[tokio::test]
async fn a_link_from_anywhere_is_followed_and_its_page_is_framed_by_nobody() {
    let slack = Slack::start().await;
    let followed = slack
        .http
        .get(slack.sim.url())
        .header("sec-fetch-site", "cross-site");
    let answer = followed.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["x-frame-options"], "DENY");
}
