//! How the app is installed by a person who is asked, and refused where Slack refuses.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use tocsin_simulator::{ALL_SCOPES, SimulatorConfig};
use url::Url;

use crate::slack::{Slack, client, config};

pub(crate) const BACK: &str = "https://tocsin.example.com/slack/oauth/callback";

/// A workspace that has not installed the app yet.
fn empty() -> SimulatorConfig {
    SimulatorConfig {
        installed: false,
        redirect_urls: vec![Url::parse("https://tocsin.example.com/slack").unwrap()],
        ..config()
    }
}

impl Slack {
    /// A link, with these parameters over the usual ones; an empty one is left out.
    pub(crate) fn link(&self, changed: &[(&str, &str)]) -> Url {
        let mut url = self.sim.url().join("oauth/v2/authorize").unwrap();
        let usual = [
            ("client_id", self.sim.client_id()),
            ("scope", "chat:write,channels:read"),
            ("redirect_uri", BACK),
            ("state", "a state & more"),
        ];
        let mut pairs: Vec<(&str, &str)> = usual
            .into_iter()
            .filter(|(name, _)| !changed.iter().any(|(other, _)| other == name))
            .collect();
        pairs.extend(changed.iter().filter(|(_, value)| !value.is_empty()));
        url.query_pairs_mut().extend_pairs(pairs);
        url
    }

    /// A call of OAuth, as a form with the app's own credentials.
    pub(crate) async fn oauth(&self, method: &str, args: &[(&str, &str)]) -> Value {
        let credentials = [
            ("client_id", self.sim.client_id()),
            ("client_secret", self.sim.client_secret()),
        ];
        let mut form: Vec<(&str, &str)> = credentials
            .into_iter()
            .filter(|(name, _)| !args.iter().any(|(other, _)| other == name))
            .collect();
        form.extend(args);
        let url = format!("{}/{method}", self.sim.api_url());
        let request = self.http.post(url).form(&form);
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Somebody allows the link, and the app fetches its tokens.
    pub(crate) async fn install(&self, changed: &[(&str, &str)]) -> Value {
        let code = parameter(
            &self.sim.person("alice").allow(&self.link(changed)).unwrap(),
            "code",
        )
        .unwrap();
        let reply = self
            .oauth("oauth.v2.access", &[("code", &code), ("redirect_uri", BACK)])
            .await;
        assert_eq!(reply["ok"], true, "{reply}");
        reply
    }

    pub(crate) async fn with_token(&self, method: &str, token: &str) -> Value {
        let url = format!("{}/{method}", self.sim.api_url());
        let request = self.http.get(url).bearer_auth(token);
        request.send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn error_of(&self, method: &str, token: &str) -> String {
        let reply = self.with_token(method, token).await;
        reply["error"].as_str().unwrap_or("none").to_owned()
    }
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

pub(crate) fn parameter(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    pairs
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn an_app_that_a_person_allows_gets_a_token_of_their_team() {
    let slack = Slack::with(empty()).await;
    assert_eq!(slack.sim.token(), None);
    assert_eq!(slack.refused("auth.test", json!({})).await, "invalid_auth");

    let back = slack.sim.person("alice").allow(&slack.link(&[])).unwrap();
    assert!(back.as_str().starts_with(BACK));
    assert_eq!(parameter(&back, "state").unwrap(), "a state & more");
    assert_eq!(
        slack.sim.token(),
        None,
        "nothing happens before the app fetches its token"
    );

    let code = parameter(&back, "code").unwrap();
    let reply = slack
        .oauth("oauth.v2.access", &[("code", &code), ("redirect_uri", BACK)])
        .await;
    assert_eq!(reply["token_type"], "bot");
    assert_eq!(reply["scope"], "chat:write,channels:read");
    assert_eq!(reply["team"]["name"], "Tocsin Demo");
    assert_eq!(reply["enterprise"], Value::Null);
    assert_eq!(reply["is_enterprise_install"], false);
    assert!(reply.get("refresh_token").is_none() && reply.get("expires_in").is_none());
    let token = text(&reply["access_token"]);
    assert!(token.starts_with("xoxb-"));
    assert_eq!(slack.sim.token().as_deref(), Some(token));
    let me = slack.with_token("auth.test", token).await;
    assert_eq!(me["team_id"], reply["team"]["id"]);
    assert_eq!(me["user_id"], reply["bot_user_id"]);
    assert_eq!(me["app_id"], reply["app_id"]);
    let found = slack
        .sim
        .snapshot()
        .people
        .into_iter()
        .find(|p| p.name == "alice");
    assert_eq!(reply["authed_user"]["id"], found.unwrap().id);
    let called = slack
        .sim
        .calls()
        .into_iter()
        .find(|c| c.method == "oauth.v2.access");
    assert!(!format!("{called:?}").contains(slack.sim.client_secret()));
}

#[tokio::test]
async fn a_code_is_good_once_and_for_the_app_and_the_way_back_that_it_was_given_for() {
    let slack = Slack::with(empty()).await;
    let code = parameter(&slack.sim.person("bob").allow(&slack.link(&[])).unwrap(), "code").unwrap();
    for (args, error) in [
        (vec![("client_id", "3.4")], "invalid_client_id"),
        (vec![("client_id", "")], "invalid_client_id"),
        (vec![("client_secret", "guessed")], "bad_client_secret"),
        (vec![("grant_type", "password")], "invalid_grant_type"),
        (vec![("code", "1.2")], "invalid_code"),
        (vec![("code", "")], "invalid_code"),
        (
            vec![("redirect_uri", "https://tocsin.example.com/slack")],
            "bad_redirect_uri",
        ),
        (vec![("redirect_uri", "")], "bad_redirect_uri"),
        (vec![("code_verifier", "x")], "pkce_not_allowed"),
    ] {
        let mut form = vec![("code", code.as_str()), ("redirect_uri", BACK)];
        form.retain(|(name, _)| !args.iter().any(|(other, _)| other == name));
        form.extend(&args);
        let reply = slack.oauth("oauth.v2.access", &form).await;
        assert_eq!(reply["error"], error, "{args:?}");
    }
    let form = [("code", code.as_str()), ("redirect_uri", BACK)];
    assert_eq!(slack.oauth("oauth.v2.access", &form).await["ok"], true);
    assert_eq!(
        slack.oauth("oauth.v2.access", &form).await["error"],
        "invalid_code"
    );

    let code = parameter(&slack.sim.person("bob").allow(&slack.link(&[])).unwrap(), "code").unwrap();
    slack.sim.expire_codes();
    let form = [("code", code.as_str()), ("redirect_uri", BACK)];
    assert_eq!(
        slack.oauth("oauth.v2.access", &form).await["error"],
        "invalid_code"
    );
}

#[tokio::test]
async fn codes_live_as_long_as_configured() {
    let slack = Slack::with(SimulatorConfig {
        code_lives: Duration::ZERO,
        ..empty()
    })
    .await;
    let code = parameter(&slack.sim.person("bob").allow(&slack.link(&[])).unwrap(), "code").unwrap();
    let form = [("code", code.as_str()), ("redirect_uri", BACK)];
    assert_eq!(
        slack.oauth("oauth.v2.access", &form).await["error"],
        "invalid_code"
    );
}

#[tokio::test]
async fn credentials_may_come_by_basic_authentication_but_not_as_json() {
    let slack = Slack::with(empty()).await;
    let code = parameter(&slack.sim.person("bob").allow(&slack.link(&[])).unwrap(), "code").unwrap();
    let url = format!("{}/oauth.v2.access", slack.sim.api_url());
    let body = json!({"code": code, "redirect_uri": BACK, "client_id": slack.sim.client_id(), "client_secret": slack.sim.client_secret()});
    let reply: Value = slack
        .http
        .post(&url)
        .json(&body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(reply["error"], "invalid_client_id");
    let request = slack
        .http
        .post(&url)
        .basic_auth(slack.sim.client_id(), Some(slack.sim.client_secret()))
        .form(&[("code", code.as_str()), ("redirect_uri", BACK)]);
    let reply: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(reply["ok"], true);
}

#[tokio::test]
async fn a_link_that_slack_does_not_take_is_refused_on_the_page_or_to_the_app() {
    let slack = Slack::with(empty()).await;
    let alice = slack.sim.person("alice");
    for (changed, error) in [
        (("client_id", "3.4"), "invalid_client_id"),
        (("client_id", ""), "invalid_client_id"),
        (("redirect_uri", "https://evil.example.com/"), "bad_redirect_uri"),
        (
            ("redirect_uri", "http://tocsin.example.com/slack"),
            "bad_redirect_uri",
        ),
        (("redirect_uri", "nonsense"), "bad_redirect_uri"),
    ] {
        let link = slack.link(&[changed]);
        assert_eq!(alice.allow(&link).unwrap_err().to_string(), error);
        let page = slack.http.get(link).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::BAD_REQUEST);
        assert!(page.text().await.unwrap().contains(error));
    }
    for (changed, error) in [
        (("scope", "chat:write,chat:shout"), "invalid_scope"),
        (("scope", ""), "invalid_scope"),
        (("scope", "admin"), "invalid_scope"),
        (("scope", "chat:write,openid"), "invalid_scope"),
        (("user_scope", "chat:write.public"), "invalid_scope"),
        (("team", "T404"), "invalid_team_for_non_distributed_app"),
    ] {
        let back = alice.allow(&slack.link(&[changed])).unwrap();
        assert_eq!(parameter(&back, "error").unwrap(), error, "{changed:?}");
        assert_eq!(parameter(&back, "state").unwrap(), "a state & more");
        assert_eq!(parameter(&back, "code"), None);
    }
    assert!(alice.allow(&slack.sim.url().join("elsewhere").unwrap()).is_err());
}

#[tokio::test]
async fn who_presses_cancel_is_sent_back_without_a_code() {
    let slack = Slack::with(empty()).await;
    let back = slack.sim.person("alice").deny(&slack.link(&[])).unwrap();
    assert_eq!(parameter(&back, "error").unwrap(), "access_denied");
    assert_eq!(parameter(&back, "code"), None);
    assert_eq!(slack.sim.token(), None);
}

#[tokio::test]
async fn a_browser_is_asked_on_a_page_and_sent_back() {
    client();
    let slack = Slack::with(empty()).await;
    let browser = reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .build()
        .unwrap();
    let link = slack.link(&[("state", "<b>\"")]);
    let page = browser.get(link.clone()).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.contains("form-action 'self' https://tocsin.example.com"),
        "{policy}"
    );
    let html = page.text().await.unwrap();
    assert!(html.contains("chat:write") && html.contains("Alice Archer") && html.contains("Allow"));
    assert!(!html.contains("<b>"));
    let start = html.find("<option value=\"").unwrap() + "<option value=\"".len();
    let person = html[start..].split('"').next().unwrap();
    for (decision, name) in [("allow", "code"), ("deny", "error")] {
        let form = [("person", person), ("decision", decision)];
        let answer = browser.post(link.clone()).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let back = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
        assert!(parameter(&back, name).is_some(), "{back}");
        assert_eq!(parameter(&back, "state").unwrap(), "<b>\"");
    }
    let form = [("person", "T404/U404"), ("decision", "allow")];
    let answer = browser.post(link).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn another_process_answers_a_link_through_a_control_endpoint() {
    let slack = Slack::with(empty()).await;
    let url = slack.sim.url().join("sim/authorize").unwrap();
    let answer = async |body: Value| -> Value {
        let request = slack.http.post(url.clone()).json(&body);
        request.send().await.unwrap().json().await.unwrap()
    };
    let link = slack.link(&[]).to_string();
    let allowed = answer(json!({"as": "alice", "link": link})).await;
    assert!(text(&allowed["redirect"]).contains("code="));
    let denied = answer(json!({"as": "alice", "link": link, "allow": false})).await;
    assert!(text(&denied["redirect"]).contains("access_denied"));
    assert!(text(&answer(json!({"as": "mallory", "link": link})).await["error"]).contains("mallory"));
}

#[tokio::test]
async fn scopes_only_add_up_and_the_token_lives_on() {
    let slack = Slack::with(empty()).await;
    let first = slack.install(&[]).await;
    let again = slack.install(&[("scope", "links:read,chat:write")]).await;
    assert_eq!(again["access_token"], first["access_token"]);
    assert_eq!(again["scope"], "chat:write,channels:read,links:read");
    let token = text(&first["access_token"]);
    let reply = slack.with_token("users.list", token).await;
    assert_eq!(reply["error"], "missing_scope");
    assert_eq!(reply["needed"], "users:read");
    assert_eq!(reply["provided"], "chat:write,channels:read,links:read");
    assert_eq!(slack.error_of("conversations.list", token).await, "none");
}

#[tokio::test]
async fn an_optional_scope_can_be_declined() {
    let slack = Slack::with(empty()).await;
    let back = slack
        .sim
        .person("alice")
        .allow_without(&slack.link(&[]), &["channels:read"])
        .unwrap();
    let code = parameter(&back, "code").unwrap();
    let reply = slack
        .oauth("oauth.v2.access", &[("code", &code), ("redirect_uri", BACK)])
        .await;
    assert_eq!(reply["scope"], "chat:write");
}

#[tokio::test]
async fn a_person_grants_a_token_of_their_own_that_the_bots_methods_do_not_take() {
    let slack = Slack::with(empty()).await;
    let reply = slack.install(&[("scope", ""), ("user_scope", "admin")]).await;
    assert!(reply.get("access_token").is_none());
    let person = &reply["authed_user"];
    assert_eq!(person["token_type"], "user");
    assert_eq!(person["scope"], "admin");
    let token = text(&person["access_token"]);
    assert!(token.starts_with("xoxp-"));
    assert_eq!(
        slack.with_token("auth.test", token).await["user_id"],
        person["id"]
    );
    assert_eq!(
        slack.error_of("users.list", token).await,
        "not_allowed_token_type"
    );
    assert_eq!(slack.error_of("auth.revoke", token).await, "none");
    assert_eq!(slack.error_of("auth.test", token).await, "token_revoked");
}

#[tokio::test]
async fn one_who_was_installed_from_the_start_has_what_was_configured() {
    let slack = Slack::start().await;
    assert_eq!(slack.sim.token().as_deref(), Some(slack.sim.bot_token()));
    assert_eq!(slack.sim.scopes(), ALL_SCOPES);
}
