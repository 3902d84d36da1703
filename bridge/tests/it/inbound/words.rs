//! What people say reaches the timeline whole, whatever shape and length it has.

use serde_json::{Value, json};
use tocsin_entity::kinds::InboxState;

use super::{presses::answered, stage::Stage};

async fn stage() -> Stage {
    let stage = Stage::set().await;
    stage.slack_user("Ada", Some("ada@example.com"));
    stage.is_member("RESPONDER", None);
    stage.comments_are_taken();
    stage
}

/// The comment that a request became.
async fn comment(stage: &Stage, row: &tocsin_entity::slack::inbox::Model) -> String {
    assert_eq!(stage.worked(row).await.state, InboxState::Done);
    let call = stage.acted.calls("AddComment").pop().expect("a comment");
    let body = &call.arguments["input"]["bodyMarkdown"];
    body.as_str().expect("a text").to_owned()
}

fn passed_on() -> Value {
    json!([{"is_share": true, "is_msg_unfurl": true, "author_id": "U9", "author_name": "Bob", "channel_id": "C9",
        "from_url": "https://acme.slack.com/archives/C9/p1", "fallback": "[Dec 15] Bob: the *gateway* restarted", "text": "the *gateway* restarted",
        "files": [{"name": "log.txt", "permalink": "https://acme.slack.com/files/U9/F1/log.txt", "pretty_type": "Plain Text", "size": 14}]}])
}

const PASSED_ON: &str = "> the **gateway** restarted\n>\n> [log.txt](https://acme.slack.com/files/U9/F1/log.txt) (Plain Text, 14 B)\n>\n> — Bob, [in Slack](https://acme.slack.com/archives/C9/p1)";

#[tokio::test]
async fn a_message_that_is_passed_on_keeps_its_words_author_and_files() {
    let stage = stage().await;
    let row = stage
        .reply("2.0", |event| {
            event["text"] = json!("");
            event["attachments"] = passed_on();
        })
        .await;
    assert_eq!(comment(&stage, &row).await, PASSED_ON);
}

#[tokio::test]
async fn a_note_by_a_mention_has_what_its_message_has() {
    let stage = stage().await;
    let incident = &answered("x", "resolvedBy", None)["data"]["x"]["incident"];
    let added = json!({"entry": {"id": "tle_1"}, "userErrors": [], "incident": incident});
    stage
        .acted
        .answer("AddComment", json!({"data": {"addComment": added}}));
    let event = json!({"type": "app_mention", "user": "U1", "channel": "C1", "ts": "2.0", "thread_ts": "1.0",
        "text": "<@UBOT> note steps:\n• one", "attachments": passed_on(),
        "blocks": [{"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "user", "user_id": "UBOT"}, {"type": "text", "text": " note steps:\n"}]},
            {"type": "rich_text_list", "style": "bullet", "indent": 0, "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "one", "style": {"bold": true}}]}]}]}]});
    let row = stage.event("Ev1", event).await;
    assert_eq!(
        comment(&stage, &row).await,
        format!("steps:\n\n- **one**\n\n{PASSED_ON}")
    );
}

#[tokio::test]
async fn the_longest_message_is_taken_whole_whatever_its_signs() {
    let stage = stage().await;
    let typed = "[*😀*] ".repeat(40_000 / 6);
    let leaf = json!({"type": "text", "text": typed.trim()});
    let row = stage
        .reply("2.0", |event| {
            event["text"] = json!(typed.trim());
            event["blocks"] = json!([{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [leaf]}]}]);
        })
        .await;
    let expected = r"\[\*😀\*\] ".repeat(40_000 / 6);
    assert_eq!(comment(&stage, &row).await, expected.trim());
    assert!(
        stage.acted.calls("chat.postEphemeral").is_empty(),
        "nobody is refused"
    );
}
