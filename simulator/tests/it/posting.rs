//! Posting, updating, deleting.

use serde_json::{Value, json};

use crate::slack::Slack;

#[tokio::test]
async fn a_post_appears_in_the_channel_and_in_its_history() {
    let slack = Slack::start().await;
    let channel = slack.id("incidents");
    let metadata = json!({"event_type": "tocsin_post", "event_payload": {"op": "1"}});
    let posted = slack
        .ok(
            "chat.postMessage",
            json!({"channel": channel, "text": "Hello", "metadata": metadata}),
        )
        .await;
    let seen = slack.sim.channel("incidents").unwrap();
    assert_eq!(seen.messages.len(), 1);
    assert_eq!(seen.messages[0].text, "Hello");
    assert_eq!(seen.messages[0].ts, posted["ts"]);

    let brief = slack.get("conversations.history", &[("channel", &channel)]).await;
    assert_eq!(
        brief["messages"][0]["metadata"],
        json!({"event_type": "tocsin_post"})
    );
    let whole = slack
        .get(
            "conversations.history",
            &[("channel", &channel), ("include_all_metadata", "true")],
        )
        .await;
    assert_eq!(whole["messages"][0]["metadata"], metadata);
}

#[tokio::test]
async fn a_reply_needs_a_parent_that_is_no_reply() {
    let slack = Slack::start().await;
    let channel = slack.id("incidents");
    let reply = |parent: &Value| json!({"channel": channel, "text": "r", "thread_ts": parent});
    let unknown = json!("1700000000.000100");
    assert_eq!(
        slack.refused("chat.postMessage", reply(&unknown)).await,
        "thread_not_found"
    );
    let root = slack
        .ok("chat.postMessage", json!({"channel": channel, "text": "root"}))
        .await;
    let child = slack.ok("chat.postMessage", reply(&root["ts"])).await;
    assert_eq!(child["message"]["thread_ts"], root["ts"]);
    assert_eq!(
        slack.refused("chat.postMessage", reply(&child["ts"])).await,
        "cannot_reply_to_message"
    );

    slack
        .ok("chat.delete", json!({"channel": channel, "ts": root["ts"]}))
        .await;
    assert_eq!(
        slack.refused("chat.postMessage", reply(&root["ts"])).await,
        "cannot_reply_to_message"
    );
    let seen = slack.sim.channel("incidents").unwrap();
    assert!(seen.messages[0].deleted);
    assert_eq!(seen.messages[0].visible_replies().len(), 1);
}

#[tokio::test]
async fn nothing_is_not_a_message() {
    let slack = Slack::start().await;
    let channel = slack.id("incidents");
    for args in [
        json!({"channel": channel}),
        json!({"channel": channel, "text": " "}),
        json!({"channel": channel, "text": "", "blocks": []}),
    ] {
        assert_eq!(slack.refused("chat.postMessage", args).await, "no_text");
    }
    assert_eq!(
        slack
            .refused("chat.postMessage", json!({"channel": "C404", "text": "x"}))
            .await,
        "channel_not_found"
    );
}

#[tokio::test]
async fn an_update_with_text_alone_takes_the_blocks_away_and_keeps_the_rest() {
    let slack = Slack::start().await;
    let channel = slack.id("incidents");
    let metadata = json!({"event_type": "tocsin_post", "event_payload": {"op": "1"}});
    let posted = slack
        .ok(
            "chat.postMessage",
            json!({
                "channel": channel, "text": "first", "metadata": metadata,
                "blocks": [{"type": "divider"}],
                "attachments": [{"color": "danger", "blocks": [{"type": "divider"}]}],
            }),
        )
        .await;
    let ts = posted["ts"].as_str().unwrap();
    let seen = || slack.sim.channel("incidents").unwrap().messages.remove(0);

    slack
        .ok(
            "chat.update",
            json!({"channel": channel, "ts": ts, "text": "second"}),
        )
        .await;
    assert_eq!(seen().text, "second");
    assert!(seen().blocks.is_empty());
    assert_eq!(seen().attachments.len(), 1);
    assert_eq!(seen().metadata, Some(metadata));
    assert!(seen().edited);

    slack
        .ok(
            "chat.update",
            json!({"channel": channel, "ts": ts, "text": "3", "attachments": [], "metadata": {}}),
        )
        .await;
    assert!(seen().attachments.is_empty());
    assert_eq!(seen().metadata, None);
    assert_eq!(seen().revisions, 2);
}

#[tokio::test]
async fn an_update_of_blocks_is_not_flagged_as_edited() {
    let slack = Slack::start().await;
    let channel = slack.id("incidents");
    let blocks = json!([{"type": "divider"}]);
    let posted = slack
        .ok(
            "chat.postMessage",
            json!({"channel": channel, "text": "x", "blocks": blocks}),
        )
        .await;
    let args = json!({"channel": channel, "ts": posted["ts"], "text": "x", "blocks": blocks});
    slack.ok("chat.update", args).await;
    assert!(!slack.sim.channel("incidents").unwrap().messages[0].edited);
}

#[tokio::test]
async fn only_own_messages_can_be_changed() {
    let slack = Slack::start().await;
    let channel = slack.id("incidents");
    let ts = slack.sim.person("alice").post("incidents", "mine").unwrap();
    let args = json!({"channel": channel, "ts": ts, "text": "x"});
    assert_eq!(
        slack.refused("chat.update", args.clone()).await,
        "cant_update_message"
    );
    assert_eq!(slack.refused("chat.delete", args).await, "cant_delete_message");
    let unknown = json!({"channel": channel, "ts": "1700000000.000100", "text": "x"});
    assert_eq!(
        slack.refused("chat.update", unknown.clone()).await,
        "message_not_found"
    );
    assert_eq!(slack.refused("chat.delete", unknown).await, "message_not_found");

    let as_alice = json!({"channel": channel, "text": "x", "username": "Alice (API)"});
    let posted = slack.ok("chat.postMessage", as_alice).await;
    assert_eq!(posted["message"]["subtype"], "bot_message");
    assert!(posted["message"].get("user").is_none());
    let args = json!({"channel": channel, "ts": posted["ts"]});
    assert_eq!(slack.refused("chat.delete", args).await, "cant_delete_message");
}

#[tokio::test]
async fn a_deleted_message_is_gone_and_cannot_be_updated() {
    let slack = Slack::start().await;
    let channel = slack.id("incidents");
    let posted = slack
        .ok("chat.postMessage", json!({"channel": channel, "text": "x"}))
        .await;
    let args = json!({"channel": channel, "ts": posted["ts"], "text": "y"});
    slack.ok("chat.delete", args.clone()).await;
    assert_eq!(slack.refused("chat.update", args).await, "message_not_found");
    let history = slack.get("conversations.history", &[("channel", &channel)]).await;
    assert_eq!(history["messages"], json!([]));
}

#[tokio::test]
async fn texts_have_their_lengths() {
    let slack = Slack::start().await;
    let channel = slack.id("incidents");
    let posted = slack
        .ok(
            "chat.postMessage",
            json!({"channel": channel, "text": "x".repeat(40_001)}),
        )
        .await;
    assert_eq!(posted["warning"], "message_truncated");
    assert_eq!(posted["message"]["text"].as_str().unwrap().len(), 40_000);
    let update = |n: usize| json!({"channel": channel, "ts": posted["ts"], "text": "x".repeat(n)});
    slack.ok("chat.update", update(4_000)).await;
    assert_eq!(slack.refused("chat.update", update(4_001)).await, "msg_too_long");
    let both = json!({"channel": channel, "text": "x", "markdown_text": "x"});
    assert_eq!(
        slack.refused("chat.postMessage", both).await,
        "markdown_text_conflict"
    );
    let many: Vec<Value> = (0..101).map(|_| json!({"text": "x"})).collect();
    let args = json!({"channel": channel, "text": "x", "attachments": many});
    assert_eq!(
        slack.refused("chat.postMessage", args).await,
        "too_many_attachments"
    );
}

#[tokio::test]
async fn metadata_has_a_shape() {
    let slack = Slack::start().await;
    let channel = slack.id("incidents");
    let deep = json!({"a": {"b": {"c": 1}}});
    for (metadata, error) in [
        (json!("{"), "invalid_metadata_format"),
        (json!({"event_type": "x"}), "invalid_metadata_format"),
        (json!({"event_payload": {}}), "invalid_metadata_format"),
        (
            json!({"event_type": "x", "event_payload": "y"}),
            "invalid_metadata_format",
        ),
        (
            json!({"event_type": "x", "event_payload": deep}),
            "invalid_metadata_schema",
        ),
        (
            json!({"event_type": "x", "event_payload": {"a": "y".repeat(10_000)}}),
            "metadata_too_large",
        ),
    ] {
        let args = json!({"channel": channel, "text": "x", "metadata": metadata});
        assert_eq!(slack.refused("chat.postMessage", args).await, error, "{metadata}");
    }
    assert!(slack.sim.channel("incidents").unwrap().messages.is_empty());
}

#[tokio::test]
async fn a_whisper_is_seen_by_one_person_and_kept_nowhere() {
    let slack = Slack::start().await;
    let channel = slack.id("incidents");
    let alice = slack.sim.snapshot().person("alice").unwrap().id.clone();
    slack
        .ok(
            "chat.postEphemeral",
            json!({"channel": channel, "user": alice, "text": "psst"}),
        )
        .await;
    let seen = slack.sim.channel("incidents").unwrap();
    assert!(seen.messages.is_empty());
    assert_eq!(seen.ephemeral[0].ephemeral_for, Some(alice));
    let history = slack.get("conversations.history", &[("channel", &channel)]).await;
    assert_eq!(history["messages"], json!([]));
    let args = json!({"channel": channel, "user": "U404", "text": "psst"});
    assert_eq!(
        slack.refused("chat.postEphemeral", args).await,
        "user_not_in_channel"
    );
}

#[tokio::test]
async fn a_user_id_as_channel_opens_the_direct_messages() {
    let slack = Slack::start().await;
    let alice = slack.sim.snapshot().person("alice").unwrap().id.clone();
    let opened = slack.ok("conversations.open", json!({"users": alice})).await;
    let posted = slack
        .ok(
            "chat.postMessage",
            json!({"channel": alice, "text": "You are paged"}),
        )
        .await;
    assert_eq!(posted["channel"], opened["channel"]["id"]);
    assert_eq!(
        slack.sim.channel("@alice").unwrap().messages[0].text,
        "You are paged"
    );
    let again = slack.ok("conversations.open", json!({"users": alice})).await;
    assert_eq!(again["already_open"], true);
    assert_eq!(
        slack.refused("conversations.open", json!({})).await,
        "users_list_not_supplied"
    );
    assert_eq!(
        slack
            .refused("conversations.open", json!({"users": "U404"}))
            .await,
        "user_not_found"
    );
}

#[tokio::test]
async fn emoji_and_pins_go_on_once() {
    let slack = Slack::start().await;
    let channel = slack.id("incidents");
    let posted = slack
        .ok("chat.postMessage", json!({"channel": channel, "text": "x"}))
        .await;
    let args = json!({"channel": channel, "timestamp": posted["ts"], "name": "eyes"});
    slack.ok("reactions.add", args.clone()).await;
    assert_eq!(slack.refused("reactions.add", args).await, "already_reacted");
    let pin = json!({"channel": channel, "timestamp": posted["ts"]});
    slack.ok("pins.add", pin.clone()).await;
    assert_eq!(slack.refused("pins.add", pin).await, "already_pinned");
    let wrong = json!({"channel": channel, "timestamp": "soon", "name": "eyes"});
    assert_eq!(slack.refused("reactions.add", wrong).await, "bad_timestamp");
    let seen = &slack.sim.channel("incidents").unwrap().messages[0];
    assert!(seen.pinned);
    assert_eq!(seen.reactions[0].name, "eyes");
}

#[tokio::test]
async fn a_file_comes_with_its_message_and_its_addresses() {
    let slack = Slack::start().await;
    let alice = slack.sim.person("alice");
    assert!(alice.upload("incidents", None, "", &[]).is_err());
    let graph = tocsin_simulator::FileSeed {
        name: "graph.png".to_owned(),
        mimetype: "image/png".to_owned(),
        size: 20_480,
    };
    alice.upload("incidents", None, "", &[graph]).unwrap();
    let told = slack
        .app
        .wait_for(1, |taken| taken.body["event"]["subtype"] == "file_share")
        .await;
    let file = &told[0].body["event"]["files"][0];
    assert_eq!(
        (&file["name"], &file["size"]),
        (&json!("graph.png"), &json!(20_480))
    );
    for address in ["url_private", "permalink"] {
        assert!(file[address].as_str().unwrap().starts_with("https://"), "{file}");
    }
}
