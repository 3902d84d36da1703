//! Replies in an incident's thread.

use axum::http::StatusCode;
use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::json;
use tocsin_entity::{
    kinds::{InboxState, PostKind},
    slack::sequence,
};

use super::stage::{Stage, user};

#[tokio::test]
async fn a_members_reply_becomes_a_comment_in_their_name() {
    let stage = Stage::set().await;
    stage.slack_user("Ada", Some("Ada@Example.com"));
    stage.is_member("RESPONDER", None);
    stage.comments_are_taken();
    let row = stage
        .reply("2.0", |event| {
            event["blocks"] = json!([{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
                {"type": "text", "text": "restarted ", "style": {"bold": true}},
                {"type": "user", "user_id": "U1"},
                {"type": "text", "text": " 2*3"}]}]}]);
        })
        .await;
    assert_eq!(stage.worked(&row).await.state, InboxState::Done);
    let call = stage.acted.call("AddComment");
    assert_eq!(call.on_behalf_of, Some(stage.member.to_string()));
    assert_eq!(call.organization, Some(stage.organization.to_string()));
    let expected = json!({
        "incidentId": stage.incident,
        "bodyMarkdown": "**restarted** @Ada 2\\*3",
        "idempotencyKey": row.id,
        "externalRef": "slack:T1/C1/2.0",
        "saidAt": "1970-01-01T00:00:02Z",
    });
    assert_eq!(call.arguments["input"], expected);
    assert_eq!(
        stage.acted.call("SlackMembers").arguments["email"],
        "ada@example.com"
    );
}

#[tokio::test]
async fn a_reply_of_somebody_who_is_no_member_carries_their_name() {
    let stage = Stage::set().await;
    stage.slack_user("Guest", Some("guest@example.org"));
    stage.is_nobody();
    stage.comments_are_taken();
    let row = stage
        .reply("2.0", |event| event["subtype"] = json!("thread_broadcast"))
        .await;
    assert_eq!(stage.worked(&row).await.state, InboxState::Done);
    let call = stage.acted.call("AddComment");
    assert_eq!(call.on_behalf_of, None);
    assert_eq!(call.arguments["input"]["slackAuthor"], json!({"name": "Guest"}));
    assert_eq!(call.arguments["input"]["bodyMarkdown"], "on it");
}

#[tokio::test]
async fn whose_comment_is_not_wanted_is_told_once_how_to_link_themselves_and_then_in_short() {
    let stage = Stage::set().await;
    stage.slack_user("Guest", Some("guest@example.org"));
    stage.is_nobody();
    stage.refuses("AddComment", "addComment", "UNMATCHED_REFUSED");
    stage.acted.answer("chat.postEphemeral", json!({"ok": true}));
    let mut told = Vec::new();
    for ts in ["2.0", "3.0"] {
        let row = stage.reply(ts, |_| {}).await;
        assert_eq!(stage.worked(&row).await.state, InboxState::Done);
        let last = stage.acted.calls("chat.postEphemeral").pop().expect("told");
        told.push(last.arguments["text"].as_str().expect("a text").to_owned());
    }
    let short = "Your reply was not added to the incident's timeline: your Slack account isn't linked to a member of Acme (NOT_LINKED). Ask an administrator: Olga Owner.";
    assert!(
        told[0].starts_with(short) && told[0].contains("link yourself"),
        "{told:?}"
    );
    assert!(told[0].contains("guest@example.org"), "{told:?}");
    assert_eq!(told[1], short);
    // Matched by now, and edited: what was refused is refused for good.
    stage.slack_user("Ada", Some("ada@example.com"));
    stage.is_member("RESPONDER", None);
    stage.comments_are_taken();
    let edit = json!({"type": "message", "subtype": "message_changed", "channel": "C1", "ts": "9.0",
        "message": {"type": "message", "user": "U1", "ts": "2.0", "thread_ts": "1.0", "text": "again", "edited": {"user": "U1", "ts": "8.0"}},
        "previous_message": {"type": "message", "user": "U1", "ts": "2.0", "thread_ts": "1.0", "text": "on it"}});
    let row = stage.event("EvEdit", edit).await;
    stage.worked(&row).await;
    assert_eq!(stage.acted.calls("AddComment").len(), 2);
}

#[tokio::test]
async fn who_has_said_which_member_they_are_is_that_member_whatever_their_address() {
    let stage = Stage::set().await;
    stage.slack_user("Guest", None);
    stage.is_member_of(&[stage.organization], "CODE", "RESPONDER", None);
    stage.comments_are_taken();
    let row = stage.reply("2.0", |_| {}).await;
    stage.worked(&row).await;
    assert_eq!(
        stage.acted.call("AddComment").on_behalf_of,
        Some(stage.member.to_string())
    );
    let asked = stage.acted.call("SlackMembers");
    assert_eq!(asked.arguments, json!({"team": "T1", "user": "U1"}));
    assert_eq!(asked.organization, Some(stage.organization.to_string()));
}

#[tokio::test]
async fn an_address_that_is_not_the_persons_makes_nobody_a_member() {
    let stage = Stage::set().await;
    stage.slack_user("Guest", Some("guest@example.org"));
    stage.is_member("OWNER", None);
    stage.comments_are_taken();
    let row = stage.reply("2.0", |_| {}).await;
    stage.worked(&row).await;
    assert_eq!(stage.acted.call("AddComment").on_behalf_of, None);
}

#[tokio::test]
async fn whose_account_in_slack_is_deactivated_is_nobody_from_then_on() {
    let stage = Stage::set().await;
    stage.slack_user("Ada", Some("ada@example.com"));
    stage.is_member("RESPONDER", None);
    stage.comments_are_taken();
    let row = stage.reply("2.0", |_| {}).await;
    stage.worked(&row).await;
    let mut gone = user("Ada", Some("ada@example.com"));
    gone["deleted"] = json!(true);
    let row = stage
        .event("Ev-gone", json!({"type": "user_change", "user": gone}))
        .await;
    stage.worked(&row).await;
    let row = stage.reply("3.0", |_| {}).await;
    stage.worked(&row).await;
    let as_whom: Vec<_> = stage
        .acted
        .calls("AddComment")
        .into_iter()
        .map(|call| call.on_behalf_of)
        .collect();
    assert_eq!(as_whom, [Some(stage.member.to_string()), None]);
    assert_eq!(stage.acted.calls("SlackMembers").len(), 1);
}

#[tokio::test]
async fn a_member_who_may_not_write_is_told_so_in_the_thread() {
    let stage = Stage::set().await;
    stage.slack_user("Ada", Some("ada@example.com"));
    stage.is_member("STAKEHOLDER", None);
    stage.refuses("AddComment", "addComment", "FORBIDDEN");
    stage.acted.answer("chat.postEphemeral", json!({"ok": true}));
    let row = stage.reply("2.0", |_| {}).await;
    assert_eq!(stage.worked(&row).await.state, InboxState::Done);
    let told = stage.acted.call("chat.postEphemeral").arguments;
    assert_eq!(
        (&told["channel"], &told["user"], &told["thread_ts"]),
        (&json!("C1"), &json!("U1"), &json!("1.0"))
    );
    assert!(
        told["text"]
            .as_str()
            .expect("text")
            .contains("you have read-only access in Acme (READ_ONLY). Ask an administrator: Olga Owner."),
        "{told}"
    );
}

#[tokio::test]
async fn a_deactivated_member_writes_nothing_and_is_told_so() {
    let stage = Stage::set().await;
    stage.slack_user("Ada", Some("ada@example.com"));
    stage.is_member("OWNER", Some("2026-01-01T00:00:00Z"));
    stage.acted.answer(
        "chat.postEphemeral",
        json!({"ok": false, "error": "user_not_in_channel"}),
    );
    let row = stage.reply("2.0", |_| {}).await;
    assert_eq!(stage.worked(&row).await.state, InboxState::Done);
    assert!(stage.acted.calls("AddComment").is_empty());
    let told = stage.acted.call("chat.postEphemeral").arguments;
    assert!(
        told["text"].as_str().expect("text").contains("(DEACTIVATED)"),
        "{told}"
    );
}

#[tokio::test]
async fn another_refusal_is_passed_on_without_calling_anybody() {
    let stage = Stage::set().await;
    stage.slack_user("Ada", Some("ada@example.com"));
    stage.is_member("RESPONDER", None);
    stage.refuses("AddComment", "addComment", "INVALID_INPUT");
    stage.acted.answer("chat.postEphemeral", json!({"ok": true}));
    let row = stage.reply("2.0", |_| {}).await;
    assert_eq!(stage.worked(&row).await.state, InboxState::Done);
    let told = stage.acted.call("chat.postEphemeral").arguments;
    assert!(
        told["text"]
            .as_str()
            .expect("text")
            .contains("No &lt;!here&gt;. (INVALID_INPUT)"),
        "{told}"
    );
}

#[tokio::test]
async fn a_reply_in_another_thread_and_a_bots_reply_become_nothing() {
    let stage = Stage::set().await;
    let row = stage
        .reply("2.0", |event| event["thread_ts"] = json!("0.5"))
        .await;
    assert_eq!(stage.worked(&row).await.state, InboxState::Done);
    let mut bot = user("Helper", None);
    bot["is_bot"] = json!(true);
    stage.acted.answer("users.info", json!({"ok": true, "user": bot}));
    let row = stage.reply("3.0", |_| {}).await;
    assert_eq!(stage.worked(&row).await.state, InboxState::Done);
    assert!(stage.acted.calls("AddComment").is_empty());
}

#[tokio::test]
async fn a_reply_that_comes_before_its_thread_is_known_waits_for_it() {
    let stage = Stage::set().await;
    stage.slack_user("Ada", Some("ada@example.com"));
    stage.is_member("RESPONDER", None);
    stage.comments_are_taken();
    let root = stage.record_post(PostKind::Root, None, |_| {}).await;
    let row = stage
        .reply("9.5", |event| event["thread_ts"] = json!("9.0"))
        .await;
    let waiting = stage
        .until(&row, |row| row.attempts >= 1 && row.last_error.is_some())
        .await;
    assert_eq!(waiting.state, InboxState::Pending);
    assert!(stage.acted.calls("AddComment").is_empty());
    stage.post_arrived(root, "9.0").await;
    assert_eq!(stage.worked(&row).await.state, InboxState::Done);
    assert_eq!(
        stage.acted.call("AddComment").arguments["input"]["externalRef"],
        "slack:T1/C1/9.5"
    );
}

#[tokio::test]
async fn a_reply_outlives_an_api_that_is_down_and_is_asked_for_under_one_key() {
    let stage = Stage::set().await;
    stage.slack_user("Ada", Some("ada@example.com"));
    stage.is_member("RESPONDER", None);
    for _ in 0..6 {
        stage
            .acted
            .answer_once("AddComment", StatusCode::SERVICE_UNAVAILABLE, json!({}));
    }
    stage.comments_are_taken();
    let row = stage.reply("2.0", |_| {}).await;
    let done = stage.worked(&row).await;
    assert_eq!(done.state, InboxState::Done);
    assert!(done.attempts > 1, "{done:?}");
    for call in stage.acted.calls("AddComment") {
        assert_eq!(call.arguments["input"]["idempotencyKey"], json!(row.id));
    }
}

#[tokio::test]
async fn a_person_is_asked_of_slack_once_and_again_when_they_change() {
    let stage = Stage::set().await;
    stage.slack_user("Ada", Some("old@example.com"));
    stage.is_nobody();
    stage.comments_are_taken();
    for ts in ["2.0", "3.0"] {
        let row = stage.reply(ts, |_| {}).await;
        stage.worked(&row).await;
    }
    assert_eq!(stage.acted.calls("users.info").len(), 1);
    let row = stage
        .event(
            "Ev-change",
            json!({"type": "user_change", "user": user("Countess", Some("ada@example.com"))}),
        )
        .await;
    stage.worked(&row).await;
    let row = stage.reply("4.0", |_| {}).await;
    stage.worked(&row).await;
    assert_eq!(stage.acted.calls("users.info").len(), 1);
    let last = stage.acted.calls("AddComment").pop().expect("a comment");
    assert_eq!(last.arguments["input"]["slackAuthor"]["name"], "Countess");
    assert_eq!(
        stage
            .acted
            .calls("SlackMembers")
            .pop()
            .expect("a question")
            .arguments["email"],
        "ada@example.com"
    );
}

#[tokio::test]
async fn a_file_without_a_word_becomes_a_link() {
    let stage = Stage::set().await;
    stage.slack_user("Ada", Some("ada@example.com"));
    stage.is_member("RESPONDER", None);
    stage.comments_are_taken();
    let row = stage
        .reply("2.0", |event| {
            event["subtype"] = json!("file_share");
            event["text"] = json!("");
            event["files"] = json!([{"id": "F1", "name": "graph.png", "permalink": "https://x.slack.com/files/U1/F1/graph.png"}]);
        })
        .await;
    stage.worked(&row).await;
    let body = &stage.acted.call("AddComment").arguments["input"]["bodyMarkdown"];
    assert_eq!(body, "[graph.png](https://x.slack.com/files/U1/F1/graph.png)");
}

#[tokio::test]
async fn replies_of_a_thread_become_comments_in_the_order_in_which_they_were_written() {
    let stage = Stage::set().await;
    stage.slack_user("Ada", Some("ada@example.com"));
    stage.is_member("RESPONDER", None);
    stage.comments_are_taken();
    // The first is held up by an API that is down; the second came a moment later.
    for _ in 0..4 {
        stage
            .acted
            .answer_once("AddComment", StatusCode::SERVICE_UNAVAILABLE, json!({}));
    }
    let first = stage
        .reply("2.000100", |event| event["text"] = json!("first"))
        .await;
    let second = stage
        .reply("2.000200", |event| event["text"] = json!("second"))
        .await;
    stage.worked(&second).await;
    stage.worked(&first).await;
    let mut bodies: Vec<_> = stage
        .acted
        .calls("AddComment")
        .iter()
        .map(|call| call.arguments["input"]["bodyMarkdown"].clone())
        .collect();
    bodies.dedup();
    assert_eq!(bodies, ["first", "second"]);
}

#[tokio::test]
async fn a_group_that_is_mentioned_is_called_by_its_handle_and_by_its_id_where_slack_does_not_say() {
    let stage = Stage::set().await;
    stage.slack_user("Ada", Some("ada@example.com"));
    stage.is_member("RESPONDER", None);
    stage.comments_are_taken();
    let groups = json!([{"id": "S1", "handle": "on-call", "name": "On call"}, {"id": "S2"}]);
    stage
        .acted
        .answer("usergroups.list", json!({"ok": true, "usergroups": groups}));
    for ts in ["2.0", "3.0"] {
        let row = stage
            .reply(ts, |event| {
                event["text"] = json!("<!subteam^S1> <!subteam^S2> look");
            })
            .await;
        stage.worked(&row).await;
    }
    let calls = stage.acted.calls("AddComment");
    let bodies: Vec<_> = calls
        .iter()
        .map(|call| &call.arguments["input"]["bodyMarkdown"])
        .collect();
    assert_eq!(bodies, ["@on-call @S2 look", "@on-call @S2 look"]);
    assert_eq!(stage.acted.calls("usergroups.list").len(), 1, "asked once");
}

#[tokio::test]
async fn a_reply_that_fails_for_long_is_overtaken_and_comes_when_it_can() {
    let stage = Stage::set().await;
    stage.slack_user("Ada", Some("ada@example.com"));
    stage.is_member("RESPONDER", None);
    stage.comments_are_taken();
    let known = stage.reply("2.0", |_| {}).await;
    stage.worked(&known).await;
    // Slack does not say who the next speaker is, and goes on answering so.
    stage
        .acted
        .answer("users.info", json!({"ok": false, "error": "internal_error"}));
    for _ in 0..200 {
        let unavailable = (StatusCode::SERVICE_UNAVAILABLE, json!({}));
        stage
            .acted
            .answer_once("users.info", unavailable.0, unavailable.1);
    }
    let first = stage
        .reply("3.0", |event| {
            event["user"] = json!("U2");
            event["text"] = json!("first");
        })
        .await;
    let second = stage.reply("4.0", |event| event["text"] = json!("second")).await;
    stage.worked(&second).await;
    let waiting = stage.until(&first, |_| true).await;
    assert_eq!(waiting.state, InboxState::Pending);
    assert!(
        waiting.attempts > 1 && waiting.last_error.is_some(),
        "{waiting:?}"
    );
    stage.acted.forget_once("users.info");
    stage.slack_user("Bob", Some("bob@example.com"));
    stage.worked(&first).await;
    let bodies: Vec<_> = stage
        .acted
        .calls("AddComment")
        .iter()
        .map(|call| call.arguments["input"]["bodyMarkdown"].clone())
        .collect();
    assert_eq!(bodies, ["on it", "second", "first"]);
}

#[tokio::test]
async fn a_thread_whose_worker_died_is_taken_up_and_a_claim_of_a_wrong_clock_is_not_believed() {
    let stage = Stage::set().await;
    stage.slack_user("Ada", Some("ada@example.com"));
    stage.is_member("RESPONDER", None);
    stage.comments_are_taken();
    for (ts, seconds) in [("2.0", 1), ("3.0", 3_600)] {
        let until = tocsin_clock::machine_now() + time::Duration::seconds(seconds);
        let claim = sequence::Model {
            key: "C1/1.0".to_owned(),
            claim: uuid::Uuid::now_v7(),
            claimed_until: i64::try_from(until.unix_timestamp_nanos() / 1_000).expect("a time"),
        };
        sequence::Entity::insert(claim.into_active_model())
            .exec_without_returning(stage.world.database.write())
            .await
            .expect("a claim");
        let row = stage.reply(ts, |_| {}).await;
        assert_eq!(row.sequence.as_deref(), Some("C1/1.0"));
        assert_eq!(stage.worked(&row).await.state, InboxState::Done);
        // The claim is let go of when nothing waits any more.
        while sequence::Entity::find()
            .one(stage.world.database.read())
            .await
            .expect("readable")
            .is_some()
        {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
    assert_eq!(stage.acted.calls("AddComment").len(), 2);
}
