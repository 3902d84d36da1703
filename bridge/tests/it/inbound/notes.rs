//! Notes that the bot is asked for in a thread, and what becomes of their message meanwhile.

use serde_json::{Value, json};
use tocsin_entity::kinds::InboxState;

use super::{presses::member_stage, stage::Stage};

/// The note's message, with these words.
fn note(text: &str) -> Value {
    json!({"type": "message", "user": "U1", "channel": "C1", "ts": "2.0", "thread_ts": "1.0", "text": text})
}

async fn happens(stage: &Stage, id: &str, event: Value) {
    let row = stage.event(id, event).await;
    assert_eq!(stage.worked(&row).await.state, InboxState::Done, "{id}");
}

async fn is_edited(stage: &Stage, id: &str, revision: &str, text: &str) {
    let mut now = note(text);
    now["edited"] = json!({"user": "U1", "ts": revision});
    let edit = json!({"type": "message", "subtype": "message_changed", "hidden": true, "channel": "C1", "ts": revision,
        "message": now, "previous_message": note("before")});
    happens(stage, id, edit).await;
}

async fn is_mentioned(stage: &Stage) {
    let mut mention = note("<@UBOT> note the password is 1234");
    mention["type"] = json!("app_mention");
    happens(stage, "EvMention", mention).await;
}

async fn noted_stage() -> Stage {
    let stage = member_stage("RESPONDER").await;
    let gone = json!({"code": "NOT_FOUND", "message": "There is no such comment."});
    for (operation, field) in [
        ("RetractComment", "retractComment"),
        ("EditComment", "editComment"),
    ] {
        let answer = json!({"data": {field: {"entry": null, "userErrors": [gone]}}});
        stage.acted.answer(operation, answer);
    }
    stage
}

#[tokio::test]
async fn a_note_that_was_deleted_before_it_is_worked_is_not_added() {
    let stage = noted_stage().await;
    let deletion = json!({"type": "message", "subtype": "message_deleted", "hidden": true, "channel": "C1", "ts": "9.0",
        "deleted_ts": "2.0", "previous_message": note("<@UBOT> note the password is 1234")});
    happens(&stage, "EvGone", deletion).await;
    is_mentioned(&stage).await;
    assert!(stage.acted.calls("AddComment").is_empty());
}

#[tokio::test]
async fn a_note_of_which_nothing_is_left_is_not_added_until_it_says_something_again() {
    let stage = noted_stage().await;
    stage.comments_are_taken();
    is_edited(&stage, "EvEmpty", "3.0", "<@UBOT> note “”").await;
    is_mentioned(&stage).await;
    assert!(stage.acted.calls("AddComment").is_empty());
    is_edited(&stage, "EvAgain", "4.0", "<@UBOT> note it is fixed").await;
    let added = stage.acted.call("AddComment").arguments;
    assert_eq!(added["input"]["bodyMarkdown"], "it is fixed");
}

#[tokio::test]
async fn a_note_that_is_edited_until_nothing_is_left_is_retracted() {
    let stage = noted_stage().await;
    let retracted = json!({"data": {"retractComment": {"entry": {"id": "tle_1"}, "userErrors": []}}});
    stage.acted.answer("RetractComment", retracted);
    is_edited(&stage, "EvEmpty", "3.0", "<@UBOT> note").await;
    let call = stage.acted.call("RetractComment").arguments;
    assert_eq!(call["input"]["externalRef"], "slack:T1/C1/2.0");
}
