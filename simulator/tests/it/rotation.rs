//! Tokens that expire and are refreshed.

use std::time::Duration;

use serde_json::Value;
use tocsin_simulator::SimulatorConfig;

use crate::oauth::text;
use crate::slack::{Slack, config};

fn rotating() -> SimulatorConfig {
    SimulatorConfig {
        token_rotation: true,
        ..config()
    }
}

impl Slack {
    async fn refresh(&self, token: &Value) -> Value {
        let args = [("grant_type", "refresh_token"), ("refresh_token", text(token))];
        self.oauth("oauth.v2.access", &args).await
    }
}

#[tokio::test]
async fn a_rotating_token_expires_and_is_refreshed() {
    let slack = Slack::with(rotating()).await;
    let first = slack.install(&[]).await;
    assert!(text(&first["access_token"]).starts_with("xoxe.xoxb-1-"));
    assert!(text(&first["refresh_token"]).starts_with("xoxe-1-"));
    assert_eq!(first["expires_in"], 43_200);
    let token = text(&first["access_token"]);
    assert_eq!(slack.error_of("auth.test", token).await, "none");

    slack.sim.expire_tokens();
    assert_eq!(slack.error_of("auth.test", token).await, "token_expired");
    let second = slack.refresh(&first["refresh_token"]).await;
    assert_eq!(second["ok"], true, "{second}");
    assert_eq!(second["team"], first["team"]);
    assert_eq!(second["scope"], first["scope"]);
    assert_ne!(second["access_token"], first["access_token"]);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(
        slack.error_of("auth.test", text(&second["access_token"])).await,
        "none"
    );
    assert_eq!(slack.error_of("auth.test", token).await, "token_expired");
}

#[tokio::test]
async fn tokens_live_as_long_as_configured() {
    let slack = Slack::with(SimulatorConfig {
        token_lives: Duration::ZERO,
        ..rotating()
    })
    .await;
    let reply = slack.install(&[]).await;
    assert_eq!(reply["expires_in"], 0);
    assert_eq!(
        slack.error_of("auth.test", text(&reply["access_token"])).await,
        "token_expired"
    );
}

#[tokio::test]
async fn a_refresh_token_is_good_once() {
    let slack = Slack::with(SimulatorConfig {
        refresh_grace: Duration::ZERO,
        ..rotating()
    })
    .await;
    let first = slack.install(&[]).await;
    assert_eq!(slack.refresh(&first["refresh_token"]).await["ok"], true);
    let again = slack.refresh(&first["refresh_token"]).await;
    assert_eq!(again["error"], "invalid_refresh_token");
    assert_eq!(
        slack.refresh(&Value::from("xoxe-1-guessed")).await["error"],
        "invalid_refresh_token"
    );
    let wrong = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&first["refresh_token"])),
        ("client_secret", "guessed"),
    ];
    assert_eq!(
        slack.oauth("oauth.v2.access", &wrong).await["error"],
        "bad_client_secret"
    );
}

#[tokio::test]
async fn two_access_tokens_live_at_most_and_the_oldest_goes() {
    let slack = Slack::with(SimulatorConfig {
        refresh_grace: Duration::from_secs(600),
        ..rotating()
    })
    .await;
    let first = slack.install(&[]).await;
    let second = slack.refresh(&first["refresh_token"]).await;
    assert_eq!(
        slack.error_of("auth.test", text(&first["access_token"])).await,
        "none"
    );
    let third = slack.refresh(&first["refresh_token"]).await;
    assert_eq!(
        third["ok"], true,
        "for a short while a used refresh token is taken again"
    );
    assert_eq!(
        slack.error_of("auth.test", text(&first["access_token"])).await,
        "token_revoked"
    );
    for lives in [second, third] {
        assert_eq!(
            slack.error_of("auth.test", text(&lives["access_token"])).await,
            "none"
        );
    }
}

#[tokio::test]
async fn a_lasting_token_is_exchanged_once() {
    let slack = Slack::start().await;
    let token = [("token", slack.sim.bot_token())];
    assert_eq!(
        slack.oauth("oauth.v2.exchange", &token).await["error"],
        "token_rotation_not_enabled"
    );

    let slack = Slack::with(rotating()).await;
    let token = [("token", slack.sim.bot_token())];
    let reply = slack.oauth("oauth.v2.exchange", &token).await;
    assert_eq!(reply["ok"], true, "{reply}");
    let rotating = text(&reply["access_token"]);
    assert_eq!(slack.error_of("auth.test", rotating).await, "none");
    assert_eq!(slack.refresh(&reply["refresh_token"]).await["ok"], true);
    assert_eq!(
        slack.oauth("oauth.v2.exchange", &token).await["error"],
        "token_already_exchanged"
    );
    assert_eq!(
        slack.oauth("oauth.v2.exchange", &[("token", rotating)]).await["error"],
        "invalid_token"
    );
}
