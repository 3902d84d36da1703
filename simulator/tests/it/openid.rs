//! Sign in with Slack.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::Value;
use tocsin_simulator::SimulatorConfig;
use url::Url;

use crate::oauth::{BACK, parameter, text};
use crate::slack::{Slack, config};

impl Slack {
    fn sign_in(&self, scope: &str, response_type: &str) -> Url {
        let mut url = self.sim.url().join("openid/connect/authorize").unwrap();
        url.query_pairs_mut().extend_pairs([
            ("client_id", self.sim.client_id()),
            ("scope", scope),
            ("response_type", response_type),
            ("redirect_uri", BACK),
            ("state", "s"),
            ("nonce", "n-1"),
        ]);
        url
    }

    /// The code of somebody who has allowed it.
    fn signed_in(&self, person: &str, scope: &str) -> String {
        let back = self.sim.person(person).allow(&self.sign_in(scope, "code"));
        parameter(&back.unwrap(), "code").unwrap()
    }

    async fn exchange(&self, code: &str) -> Value {
        let form = [("code", code), ("redirect_uri", BACK)];
        self.oauth("openid.connect.token", &form).await
    }
}

#[tokio::test]
async fn a_person_says_who_they_are() {
    let slack = Slack::start().await;
    let code = slack.signed_in("alice", "openid email profile");
    let reply = slack.exchange(&code).await;
    assert_eq!(reply["ok"], true, "{reply}");
    assert_eq!(reply["token_type"], "Bearer");
    let claims = text(&reply["id_token"]).split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&BASE64.decode(claims).unwrap()).unwrap();
    assert_eq!(claims["nonce"], "n-1");
    assert_eq!(claims["aud"], slack.sim.client_id());
    assert_eq!(claims["sub"], "U00000ALICE");

    let token = text(&reply["access_token"]);
    let info = slack.with_token("openid.connect.userInfo", token).await;
    assert_eq!(info["sub"], "U00000ALICE");
    assert_eq!(info["https://slack.com/user_id"], "U00000ALICE");
    assert_eq!(info["https://slack.com/team_id"], slack.sim.id());
    assert_eq!(info["email"], "alice@example.com");
    assert_eq!(info["email_verified"], true);
    assert_eq!(info["name"], "Alice Archer");
    assert_eq!(slack.exchange(&code).await["error"], "invalid_code");
}

#[tokio::test]
async fn no_more_is_told_than_was_allowed() {
    let slack = Slack::start().await;
    let reply = slack.exchange(&slack.signed_in("alice", "openid")).await;
    let token = text(&reply["access_token"]);
    let info = slack.with_token("openid.connect.userInfo", token).await;
    assert_eq!(info["sub"], "U00000ALICE");
    assert!(info.get("email").is_none() && info.get("name").is_none());
    assert_eq!(
        slack.error_of("users.list", token).await,
        "not_allowed_token_type"
    );
    let bot = slack.sim.bot_token();
    assert_eq!(
        slack.error_of("openid.connect.userInfo", bot).await,
        "not_allowed_token_type"
    );

    let reply = slack.exchange(&slack.signed_in("guest", "openid,email")).await;
    let info = slack
        .with_token("openid.connect.userInfo", text(&reply["access_token"]))
        .await;
    assert!(info.get("email").is_none(), "Gus has no address");
}

#[tokio::test]
async fn signing_in_goes_with_no_other_scopes_and_no_other_exchange() {
    let slack = Slack::start().await;
    let alice = slack.sim.person("alice");
    for (scope, kind, error) in [
        ("openid chat:write", "code", "invalid_scope"),
        ("email", "code", "invalid_scope"),
        ("openid", "token", "unsupported_response_type"),
    ] {
        let back = alice.allow(&slack.sign_in(scope, kind)).unwrap();
        assert_eq!(parameter(&back, "error").unwrap(), error);
    }
    let denied = alice.deny(&slack.sign_in("openid", "code")).unwrap();
    assert_eq!(parameter(&denied, "error").unwrap(), "access_denied");

    let code = slack.signed_in("alice", "openid");
    let form = [("code", code.as_str()), ("redirect_uri", BACK)];
    assert_eq!(
        slack.oauth("oauth.v2.access", &form).await["error"],
        "invalid_code"
    );
    let code = parameter(&alice.allow(&slack.link(&[])).unwrap(), "code").unwrap();
    assert_eq!(slack.exchange(&code).await["error"], "invalid_code");
    let code = slack.signed_in("alice", "openid");
    let wrong = [
        ("code", code.as_str()),
        ("redirect_uri", "https://tocsin.example.com/"),
    ];
    assert_eq!(
        slack.oauth("openid.connect.token", &wrong).await["error"],
        "bad_redirect_uri"
    );
}

#[tokio::test]
async fn where_tokens_rotate_a_sign_in_is_refreshed_too() {
    let slack = Slack::with(SimulatorConfig {
        token_rotation: true,
        ..config()
    })
    .await;
    let reply = slack.exchange(&slack.signed_in("alice", "openid")).await;
    assert_eq!(reply["expires_in"], 43_200);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&reply["refresh_token"])),
    ];
    let again = slack.oauth("openid.connect.token", &form).await;
    let token = text(&again["access_token"]);
    let info = slack.with_token("openid.connect.userInfo", token).await;
    assert_eq!(info["sub"], "U00000ALICE");
}
