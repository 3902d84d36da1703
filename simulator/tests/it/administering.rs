//! What an administrator does to the app and the channels, and what the app is told of it.

use serde_json::{Value, json};
use tocsin_simulator::{Farewell, PersonSeed};

use crate::oauth::text;
use crate::slack::{Slack, config};

impl Slack {
    async fn control(&self, path: &str, body: Value) -> Value {
        let url = self.sim.url().join(path).unwrap();
        let request = self.http.post(url).json(&body);
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn bot_error(&self, method: &str) -> String {
        self.error_of(method, self.sim.bot_token()).await
    }
}

#[tokio::test]
async fn a_revoked_token_is_told_and_then_refused() {
    let slack = Slack::start().await;
    slack.sim.revoke_bot_tokens();
    let event = slack.app.event("tokens_revoked").await;
    assert_eq!(event["tokens"], json!({"oauth": [], "bot": ["U0TOCSINBOT"]}));
    assert_eq!(slack.bot_error("auth.test").await, "token_revoked");
    assert_eq!(slack.sim.token(), None);
}

#[tokio::test]
async fn an_uninstalled_app_is_told_so_twice_and_of_nothing_after_it() {
    for farewell in [Farewell::UninstalledFirst, Farewell::RevokedFirst] {
        let slack = Slack::start().await;
        slack.sim.uninstall_app(farewell);
        slack.app.event("app_uninstalled").await;
        slack.app.event("tokens_revoked").await;
        assert_eq!(slack.bot_error("auth.test").await, "account_inactive");

        let alice = slack.sim.person("alice");
        alice.post("incidents", "is anybody there?").unwrap();
        let answer = alice.command("incidents", "/incident", "list").await.unwrap();
        assert!(!answer.is_ok());

        let reply = slack
            .install(&[("scope", "chat:write,channels:read,channels:history")])
            .await;
        assert_eq!(reply["scope"], "chat:write,channels:read,channels:history");
        assert_eq!(
            slack.error_of("auth.test", text(&reply["access_token"])).await,
            "none"
        );
        assert_eq!(slack.bot_error("auth.test").await, "token_revoked");
        alice.post("incidents", "there it is").unwrap();
        let told = slack.app.event("message").await;
        assert_eq!(told["text"], "there it is", "what happened meanwhile is not told");
        assert!(slack.app.taken().iter().all(|taken| taken.path == "events"));
    }
}

#[tokio::test]
async fn a_bot_that_revokes_its_lasting_token_has_uninstalled_itself() {
    let slack = Slack::start().await;
    let tried = slack.get("auth.revoke", &[("test", "1")]).await;
    assert_eq!(tried["revoked"], false);
    assert_eq!(slack.bot_error("auth.test").await, "none");
    assert_eq!(slack.get("auth.revoke", &[]).await["revoked"], true);
    slack.app.event("app_uninstalled").await;
    assert_eq!(slack.bot_error("auth.test").await, "account_inactive");
}

#[tokio::test]
async fn an_app_uninstalls_itself_with_its_own_credentials() {
    let slack = Slack::start().await;
    let token = ("token", slack.sim.bot_token());
    for (args, error) in [
        (vec![token, ("client_id", "3.4")], "invalid_client_id"),
        (vec![token, ("client_secret", "guessed")], "bad_client_secret"),
        (vec![], "not_authed"),
    ] {
        assert_eq!(slack.oauth("apps.uninstall", &args).await["error"], error);
    }
    assert_eq!(slack.oauth("apps.uninstall", &[token]).await["ok"], true);
    slack.app.event("tokens_revoked").await;
    assert_eq!(slack.bot_error("auth.test").await, "account_inactive");
}

#[tokio::test]
async fn a_deactivated_app_is_inactive_until_it_is_brought_back() {
    let slack = Slack::start().await;
    slack.sim.set_app_deactivated(true);
    assert_eq!(slack.bot_error("auth.test").await, "account_inactive");
    slack.sim.set_app_deactivated(false);
    assert_eq!(slack.bot_error("auth.test").await, "none");
}

#[tokio::test]
async fn scopes_that_are_taken_away_are_missed_by_calls_and_events() {
    let slack = Slack::start().await;
    slack.sim.take_scopes(&["chat:write", "channels:history"]);
    let response = slack
        .send(
            "chat.postMessage",
            &json!({"channel": slack.id("incidents"), "text": "x"}),
        )
        .await;
    let granted = response.headers()["x-oauth-scopes"].to_str().unwrap().to_owned();
    assert!(!granted.split(',').any(|scope| scope == "chat:write"));
    let reply: Value = response.json().await.unwrap();
    assert_eq!(reply["error"], "missing_scope");
    assert_eq!(reply["needed"], "chat:write");
    assert_eq!(reply["provided"], granted.as_str());

    let alice = slack.sim.person("alice");
    alice.post("incidents", "unheard").unwrap();
    alice.leave("incidents").unwrap();
    slack.app.event("member_left_channel").await;
    assert!(
        slack
            .app
            .taken()
            .iter()
            .all(|t| t.body["event"]["type"] != "message")
    );
}

#[tokio::test]
async fn another_process_does_the_same_through_a_control_endpoint() {
    let slack = Slack::with(config()).await;
    let act = async |body: Value| slack.control("sim/installation", body).await;
    let seen = act(json!({"take_scopes": ["chat:write"]})).await;
    assert!(!seen["scopes"].as_array().unwrap().contains(&json!("chat:write")));
    assert_eq!(act(json!("deactivate")).await["installed"], false);
    assert_eq!(act(json!("activate")).await["token"], slack.sim.bot_token());
    assert_eq!(act(json!("revoke_tokens")).await["token"], Value::Null);
    assert_eq!(act(json!("uninstall")).await["installed"], false);
    assert!(act(json!("explode")).await["error"].is_string());
}

#[tokio::test]
async fn the_app_is_told_what_becomes_of_channels() {
    let slack = Slack::start().await;
    let alice = slack.sim.person("alice");
    let id = alice.create_channel("ops", false).unwrap();
    assert_eq!(slack.app.event("channel_created").await["channel"]["id"], id);
    assert!(alice.create_channel("ops", false).is_err());
    assert!(alice.create_channel("Ops", false).is_err());

    alice.rename_channel("ops", "operations").unwrap();
    assert_eq!(
        slack.app.event("channel_rename").await["channel"]["name"],
        "operations"
    );
    let seen = slack.get("conversations.info", &[("channel", &id)]).await;
    assert_eq!(seen["channel"]["previous_names"], json!(["ops"]));

    alice.archive("operations", true).unwrap();
    assert_eq!(slack.app.event("channel_archive").await["channel"], id);
    alice.archive("operations", false).unwrap();
    assert_eq!(slack.app.event("channel_unarchive").await["channel"], id);

    let new = slack.sim.change_channel_id("operations").unwrap();
    let event = slack.app.event("channel_id_changed").await;
    assert_eq!(event["old_channel_id"], id);
    assert_eq!(event["new_channel_id"], new);
    assert_eq!(
        slack.get("conversations.info", &[("channel", &id)]).await["error"],
        "channel_not_found"
    );

    alice.delete_channel("operations").unwrap();
    assert_eq!(slack.app.event("channel_deleted").await["channel"], new);
    let gone = json!({"channel": new, "text": "x"});
    assert_eq!(slack.refused("chat.postMessage", gone).await, "channel_not_found");
}

#[tokio::test]
async fn of_private_channels_the_app_is_told_where_it_is_a_member() {
    let slack = Slack::start().await;
    let alice = slack.sim.person("alice");
    alice.convert_channel("incidents", true).unwrap();
    let converted = slack.app.event("message").await;
    assert_eq!(converted["subtype"], "channel_convert_to_private");
    alice.rename_channel("incidents", "hush").unwrap();
    slack.app.event("group_rename").await;
    alice.archive("hush", true).unwrap();
    slack.app.event("group_archive").await;
    alice.archive("hush", false).unwrap();
    slack.app.event("group_unarchive").await;
    alice.delete_channel("secret").unwrap();
    alice.delete_channel("hush").unwrap();
    slack.app.event("group_deleted").await;
    let told = slack.app.taken();
    let deleted = told.iter().filter(|t| t.body["event"]["type"] == "group_deleted");
    assert_eq!(deleted.count(), 1, "of #secret, where it is not, it is not told");
}

#[tokio::test]
async fn the_app_is_told_that_it_was_invited_and_removed() {
    let slack = Slack::start().await;
    let alice = slack.sim.person("alice");
    alice.invite_app("general").unwrap();
    assert_eq!(
        slack.app.event("member_joined_channel").await["user"],
        "U0TOCSINBOT"
    );
    alice.remove_app("general").unwrap();
    assert_eq!(
        slack.app.event("member_left_channel").await["user"],
        "U0TOCSINBOT"
    );
}

#[tokio::test]
async fn where_posting_is_restricted_the_app_may_not_post() {
    let slack = Slack::start().await;
    let alice = slack.sim.person("alice");
    let channel = slack.id("incidents");
    alice.restrict_posting("incidents", true).unwrap();
    let post = json!({"channel": channel, "text": "x"});
    assert_eq!(
        slack.refused("chat.postMessage", post.clone()).await,
        "restricted_action"
    );
    let aside = json!({"channel": channel, "text": "x", "user": "U00000ALICE"});
    assert_eq!(
        slack.refused("chat.postEphemeral", aside).await,
        "restricted_action"
    );
    alice.restrict_posting("incidents", false).unwrap();
    slack.ok("chat.postMessage", post).await;
}

#[tokio::test]
async fn people_come_change_and_go() {
    let slack = Slack::start().await;
    let seed = PersonSeed::new("dora", "Dora Diaz", "dora@example.com");
    let id = slack.sim.add_person(&seed).unwrap();
    let joined = slack.app.event("team_join").await;
    assert_eq!(joined["user"]["id"], id);
    assert_eq!(joined["user"]["profile"]["email"], "dora@example.com");
    assert!(slack.sim.add_person(&seed).is_err());

    slack.sim.set_person_deactivated("dora", true).unwrap();
    assert_eq!(slack.app.event("user_change").await["user"]["deleted"], true);
    let found = slack
        .get("users.lookupByEmail", &[("email", "dora@example.com")])
        .await;
    assert_eq!(found["error"], "users_not_found");
}
