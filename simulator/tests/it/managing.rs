//! Channels that the app makes and changes.

use serde_json::{Value, json};
use tocsin_simulator::{ALL_SCOPES, SimulatorConfig};

use crate::slack::{Slack, config};

#[tokio::test]
async fn a_channel_is_made_under_a_name_that_is_free_and_allowed() {
    let slack = Slack::start().await;
    let made = slack.ok("conversations.create", json!({"name": "inc-42"})).await;
    assert_eq!(made["channel"]["name"], "inc-42");
    assert_eq!(made["channel"]["is_member"], true);
    for (name, error) in [
        ("inc-42", "name_taken"),
        ("secret", "name_taken"),
        ("Inc-43", "invalid_name_specials"),
        ("inc 43", "invalid_name_specials"),
        ("--", "invalid_name_punctuation"),
        ("", "invalid_name_required"),
        (&"x".repeat(81), "invalid_name_maxlength"),
    ] {
        let args = json!({"name": name});
        assert_eq!(slack.refused("conversations.create", args).await, error, "{name}");
    }
    let private = slack
        .ok(
            "conversations.create",
            json!({"name": "inc-43", "is_private": true}),
        )
        .await;
    assert_eq!(private["channel"]["is_private"], true);
    let id = &private["channel"]["id"];
    slack
        .ok("chat.postMessage", json!({"channel": id, "text": "x"}))
        .await;
}

#[tokio::test]
async fn each_kind_of_channel_needs_the_scope_of_that_kind() {
    let scopes = ALL_SCOPES.iter().filter(|s| **s != "groups:write");
    let slack = Slack::with(SimulatorConfig {
        scopes: scopes.map(|&s| s.to_owned()).collect(),
        ..config()
    })
    .await;
    slack.ok("conversations.create", json!({"name": "inc-42"})).await;
    let refused = slack
        .call(
            "conversations.create",
            json!({"name": "inc-43", "is_private": true}),
        )
        .await;
    assert_eq!(refused["error"], "missing_scope");
    assert_eq!(refused["needed"], "groups:write");
}

#[tokio::test]
async fn the_app_changes_channels_that_it_is_in_and_renames_its_own() {
    let slack = Slack::start().await;
    let (incidents, general) = (slack.id("incidents"), slack.id("general"));
    let made = slack.ok("conversations.create", json!({"name": "inc-42"})).await;
    let own = made["channel"]["id"].as_str().unwrap();

    slack
        .ok(
            "conversations.rename",
            json!({"channel": own, "name": "inc-42-db"}),
        )
        .await;
    for (channel, name, error) in [
        (own, "incidents", "name_taken"),
        (own, "No", "invalid_name_specials"),
        (&incidents, "mine", "not_authorized"),
        (&general, "mine", "not_in_channel"),
    ] {
        let args = json!({"channel": channel, "name": name});
        assert_eq!(slack.refused("conversations.rename", args).await, error);
    }

    let topic = json!({"channel": own, "topic": "The database"});
    let set = slack.ok("conversations.setTopic", topic).await;
    assert_eq!(set["channel"]["topic"]["value"], "The database");
    let long = json!({"channel": own, "purpose": "x".repeat(251)});
    assert_eq!(slack.refused("conversations.setPurpose", long).await, "too_long");
    let elsewhere = json!({"channel": general, "topic": "x"});
    assert_eq!(
        slack.refused("conversations.setTopic", elsewhere).await,
        "not_in_channel"
    );

    slack.ok("conversations.archive", json!({"channel": own})).await;
    let again = json!({"channel": own});
    assert_eq!(
        slack.refused("conversations.archive", again).await,
        "already_archived"
    );
    let topic = json!({"channel": own, "topic": "x"});
    assert_eq!(
        slack.refused("conversations.setTopic", topic).await,
        "is_archived"
    );
    assert_eq!(
        slack
            .refused("conversations.unarchive", json!({"channel": own}))
            .await,
        "unknown_method"
    );
}

#[tokio::test]
async fn people_are_invited_all_or_with_force_those_who_can_be() {
    let slack = Slack::start().await;
    let made = slack.ok("conversations.create", json!({"name": "inc-42"})).await;
    let own = made["channel"]["id"].as_str().unwrap().to_owned();
    let invite = async |users: &str, force: bool| -> Value {
        let args = json!({"channel": own, "users": users, "force": force});
        slack.call("conversations.invite", args).await
    };
    let refused = invite("U00000ALICE,U404", false).await;
    assert_eq!(refused["error"], "user_not_found");
    assert_eq!(refused["errors"][0]["user"], "U404");
    assert!(
        !slack
            .sim
            .channel("inc-42")
            .unwrap()
            .members
            .contains(&"U00000ALICE".to_owned())
    );
    assert_eq!(invite("U00000ALICE,U404", true).await["ok"], true);
    assert!(
        slack
            .sim
            .channel("inc-42")
            .unwrap()
            .members
            .contains(&"U00000ALICE".to_owned())
    );
    assert_eq!(invite("U00000ALICE", false).await["error"], "already_in_channel");
    assert_eq!(invite("U0TOCSINBOT", false).await["error"], "cant_invite_self");
    assert_eq!(invite("", false).await["error"], "no_user");
}
