//! Trouble on demand.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tocsin_simulator::{Fault, FaultKind, SimulatorConfig};

use crate::slack::{Slack, config};

fn post(slack: &Slack) -> Value {
    json!({"channel": slack.id("incidents"), "text": "x"})
}

#[tokio::test]
async fn a_lost_answer_leaves_the_message_posted() {
    let slack = Slack::start().await;
    slack.sim.add_fault(Fault::lost_answer("chat.postMessage"));
    let answer = slack.try_send("chat.postMessage", &post(&slack)).await;
    assert!(answer.is_err(), "the connection breaks off within the answer");
    assert_eq!(slack.sim.channel("incidents").unwrap().messages.len(), 1);
    let call = slack.sim.calls().pop().unwrap();
    assert!(call.done);
    assert_eq!(call.status, None);
    slack.ok("chat.postMessage", post(&slack)).await;
}

#[tokio::test]
async fn a_failure_before_the_work_leaves_nothing() {
    let slack = Slack::start().await;
    slack
        .sim
        .add_fault(Fault::on("chat.postMessage", FaultKind::HttpError { status: 500 }).times(2));
    for _ in 0..2 {
        let answer = slack.send("chat.postMessage", &post(&slack)).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
    assert!(slack.sim.channel("incidents").unwrap().messages.is_empty());
    slack.ok("chat.postMessage", post(&slack)).await;
}

#[tokio::test]
async fn an_internal_error_after_the_work_hides_it() {
    let slack = Slack::start().await;
    let kind = FaultKind::Error {
        error: "internal_error".to_owned(),
    };
    slack.sim.add_fault(Fault::on("chat.postMessage", kind).after());
    assert_eq!(
        slack.refused("chat.postMessage", post(&slack)).await,
        "internal_error"
    );
    assert_eq!(slack.sim.channel("incidents").unwrap().messages.len(), 1);
}

#[tokio::test]
async fn a_told_wait_is_in_the_header() {
    let slack = Slack::start().await;
    slack.sim.add_fault(Fault::on(
        "chat.update",
        FaultKind::RateLimited { retry_after: 7 },
    ));
    slack.ok("chat.postMessage", post(&slack)).await;
    let answer = slack.send("chat.update", &post(&slack)).await;
    assert_eq!(answer.headers()["retry-after"], "7");
}

#[tokio::test]
async fn an_outage_and_a_revoked_token_last_until_cleared() {
    let slack = Slack::start().await;
    slack.sim.add_fault(Fault::down());
    for _ in 0..3 {
        assert_eq!(
            slack.send("auth.test", &json!({})).await.status(),
            StatusCode::SERVICE_UNAVAILABLE
        );
    }
    slack.sim.clear_faults();
    slack.ok("auth.test", json!({})).await;
    slack.sim.add_fault(Fault::token_revoked());
    assert_eq!(slack.refused("auth.test", json!({})).await, "token_revoked");
    assert_eq!(
        slack.refused("chat.postMessage", post(&slack)).await,
        "token_revoked"
    );
}

#[tokio::test]
async fn a_hanging_call_ends_and_a_slow_one_is_answered() {
    let slack = Slack::with(SimulatorConfig { ..config() }).await;
    slack
        .sim
        .add_fault(Fault::on("chat.postMessage", FaultKind::Hang { seconds: 0.05 }));
    assert!(slack.try_send("chat.postMessage", &post(&slack)).await.is_err());
    assert!(slack.sim.channel("incidents").unwrap().messages.is_empty());
    slack
        .sim
        .add_fault(Fault::on("chat.postMessage", FaultKind::Slow { seconds: 0.05 }));
    slack.ok("chat.postMessage", post(&slack)).await;
}

#[tokio::test]
async fn faults_can_be_set_by_http() {
    let slack = Slack::start().await;
    let url = format!("{}sim/faults", slack.sim.url());
    let set = async |body: &str| {
        let request = slack.http.post(&url).header("content-type", "application/json");
        request.body(body.to_owned()).send().await.unwrap()
    };
    let fault =
        r#"{"method":"chat.postMessage","skip":1,"times":1,"kind":"http_error","status":502,"when":"after"}"#;
    assert!(set(fault).await.status().is_success());
    slack.ok("chat.postMessage", post(&slack)).await;
    assert_eq!(
        slack.send("chat.postMessage", &post(&slack)).await.status(),
        StatusCode::BAD_GATEWAY
    );
    assert_eq!(slack.sim.channel("incidents").unwrap().messages.len(), 2);
    for wrong in [
        "{}",
        r#"{"kind":"explode"}"#,
        r#"{"kind":"drop","methd":"x"}"#,
        r#"{"kind":"drop","times":0}"#,
    ] {
        let answer = set(wrong).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{wrong}");
        let told: Value = answer.json().await.unwrap();
        assert!(told["error"].as_str().unwrap().len() > 10);
    }
}
