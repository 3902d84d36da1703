//! Rate limits, as far as they can be proved without a clock.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tocsin_simulator::{CallLimits, PostLimit, SimulatorConfig};

use crate::slack::{Slack, config};

#[tokio::test]
async fn a_second_post_within_the_second_is_refused_with_a_time_to_wait() {
    // One post in a thousand seconds: the second is early on any machine.
    let slack = Slack::with(SimulatorConfig {
        limits: CallLimits::posts_per_second(0.001),
        ..config()
    })
    .await;
    let post = |channel: &str| json!({"channel": channel, "text": "x"});
    slack.ok("chat.postMessage", post(&slack.id("incidents"))).await;
    let response = slack
        .send("chat.postMessage", &post(&slack.id("incidents")))
        .await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = response.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((900..=1_000).contains(&wait), "{wait}");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["error"], "ratelimited");

    let by_name = slack.send("chat.postMessage", &post("#incidents")).await;
    assert_eq!(
        by_name.status(),
        StatusCode::TOO_MANY_REQUESTS,
        "a channel has one limit under all its names"
    );
    slack.ok("chat.postMessage", post(&slack.id("general"))).await;
    slack
        .get("conversations.history", &[("channel", &slack.id("incidents"))])
        .await;
    assert_eq!(slack.sim.channel("incidents").unwrap().messages.len(), 1);
    let refused = slack
        .sim
        .calls()
        .into_iter()
        .filter(|call| call.status == Some(429))
        .count();
    assert_eq!(refused, 2);
}

#[tokio::test]
async fn a_burst_is_let_through_and_then_refused() {
    let posts_per_channel = Some(PostLimit {
        per_second: 0.001,
        burst: 10,
    });
    let limits = CallLimits {
        posts_per_channel,
        ..CallLimits::documented()
    };
    let slack = Slack::with(SimulatorConfig { limits, ..config() }).await;
    let args = json!({"channel": slack.id("incidents"), "text": "x"});
    for _ in 0..10 {
        slack.ok("chat.postMessage", args.clone()).await;
    }
    assert_eq!(
        slack.refused("chat.postMessage", args.clone()).await,
        "ratelimited"
    );
    slack.sim.set_limits(CallLimits::none());
    slack.ok("chat.postMessage", args).await;
}

#[tokio::test]
async fn each_method_has_the_limit_of_its_tier() {
    let limits = CallLimits {
        tier_2: Some(2),
        tier_3: Some(3),
        ..CallLimits::documented()
    };
    let slack = Slack::with(SimulatorConfig { limits, ..config() }).await;
    let channel = slack.id("incidents");
    for _ in 0..2 {
        assert_eq!(slack.get("conversations.list", &[]).await["ok"], true);
    }
    assert_eq!(slack.get("conversations.list", &[]).await["error"], "ratelimited");
    for _ in 0..3 {
        assert_eq!(
            slack.get("conversations.info", &[("channel", &channel)]).await["ok"],
            true
        );
    }
    assert_eq!(
        slack.get("conversations.info", &[("channel", &channel)]).await["error"],
        "ratelimited"
    );
    assert_eq!(slack.get("auth.test", &[]).await["ok"], true);
}
