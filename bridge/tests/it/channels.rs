//! Channels that administrators have made.

use std::time::Duration;

use axum::http::StatusCode;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tocsin_entity::{id::OperationId, slack::channel};

use crate::inbound::stage::Stage;

/// Somebody asks for the channel `#war-room`; what the API is told of it.
async fn asked(stage: &Stage) -> Value {
    let id = OperationId::new();
    let at = |time: OffsetDateTime| time.format(&Rfc3339).expect("a time");
    let now = tocsin_clock::machine_now();
    let operation = json!({"id": id, "organizationId": stage.organization, "kind": "CREATE_CHANNEL", "state": "PENDING",
        "createdAt": at(now), "expiresAt": at(now + Duration::from_secs(60)), "workspace": null, "connector": null, "user": null,
        "linkedSlackUserId": null, "linkedBy": null, "channelName": "war-room", "channelIsPrivate": false});
    let acted = &stage.acted;
    acted.answer("OperationById", json!({"data": {"slackOperation": operation}}));
    acted.answer(
        "FinishOperation",
        json!({"data": {"finishSlackOperation": {"userErrors": []}}}),
    );
    stage.world.queue.enqueue(&tocsin_queue::jobs::RunSlackOperation {
        operation_id: id.to_string(),
    });
    let told = async {
        loop {
            if let Some(call) = acted.calls("FinishOperation").pop() {
                return call.arguments["input"].clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), told)
        .await
        .expect("a report")
}

fn made(creator: &str) -> Value {
    let created = tocsin_clock::machine_now().unix_timestamp();
    json!({"id": "C77", "name": "war-room", "is_private": false, "is_archived": false, "creator": creator, "created": created})
}

fn refused(code: &str) -> Value {
    json!({"ok": false, "error": code})
}

#[tokio::test]
async fn a_channel_is_made_and_known() {
    let stage = Stage::set().await;
    let answer = json!({"ok": true, "channel": made("UBOT")});
    stage.acted.answer("conversations.create", answer);
    let told = asked(&stage).await;
    assert_eq!(
        told["channel"],
        json!({"id": "C77", "name": "war-room", "isPrivate": false})
    );
    let call = stage.acted.call("conversations.create");
    assert_eq!(call.arguments, json!({"name": "war-room", "is_private": false}));
    let key = ("T1".to_owned(), "C77".to_owned());
    let row = channel::Entity::find_by_id(key)
        .one(stage.world.database.read())
        .await;
    assert!(row.expect("a row").is_some_and(|row| row.is_member));
}

#[tokio::test]
async fn a_channel_that_was_made_without_an_answer_is_found_and_not_made_again() {
    let stage = Stage::set().await;
    let acted = &stage.acted;
    acted.answer_once("conversations.create", StatusCode::BAD_GATEWAY, json!({}));
    acted.answer("conversations.create", refused("name_taken"));
    acted.answer(
        "conversations.list",
        json!({"ok": true, "channels": [made("UBOT")]}),
    );
    assert_eq!(asked(&stage).await["channel"]["id"], "C77");
}

#[tokio::test]
async fn a_name_that_others_have_taken_and_a_scope_that_is_missing_are_told_with_what_to_do() {
    let stage = Stage::set().await;
    stage.acted.answer("conversations.create", refused("name_taken"));
    stage.acted.answer(
        "conversations.list",
        json!({"ok": true, "channels": [made("U9")]}),
    );
    let told = asked(&stage).await;
    assert_eq!(
        (&told["code"], &told["channel"]),
        (&json!("name_taken"), &Value::Null)
    );

    let stage = Stage::set().await;
    stage
        .acted
        .answer("conversations.create", refused("missing_scope"));
    let told = asked(&stage).await;
    assert_eq!(told["code"], "missing_scope");
    let message = told["message"].as_str().expect("words");
    assert!(
        message.contains("channels:manage") && message.contains("INCIDENT_CHANNELS"),
        "{message}"
    );
}
