//! Buttons on an incident's message and on previews.

use axum::http::StatusCode;
use serde_json::{Value, json};
use tocsin_entity::{
    id::{IncidentId, OrganizationId},
    kinds::{InboxState, PostKind},
};

use super::stage::Stage;

fn press(stage: &Stage, action: &str) -> Value {
    json!({"type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1"}, "trigger_id": "1.2.3",
        "container": {"type": "message_attachment", "message_ts": "1.0", "channel_id": "C1"},
        "channel": {"id": "C1"}, "response_url": stage.acted.response_url(),
        "actions": [{"type": "button", "action_id": action, "value": stage.incident, "action_ts": "5.0"}]})
}

async fn pressed(stage: &Stage, payload: &Value) {
    stage.acted.answer("respond", json!({}));
    assert_eq!(stage.world.interact(payload).await.status, StatusCode::OK);
    let row = stage.last().await;
    assert_eq!(stage.worked(&row).await.state, InboxState::Done);
}

/// The incident as a mutation answers with it.
fn answered(field: &str, by: &str, user: Option<(&str, &str)>) -> Value {
    let mut incident = json!({"id": "inc_1", "number": 42, "status": "ACKNOWLEDGED", "version": 2, "acknowledgedBy": null, "resolvedBy": null});
    incident[by] = user.map_or(Value::Null, |(id, name)| json!({"id": id, "name": name}));
    json!({"data": {field: {"incident": incident, "userErrors": []}}})
}

fn told(stage: &Stage) -> String {
    let told = stage.acted.call("respond").arguments;
    assert_eq!(
        (&told["response_type"], &told["replace_original"]),
        (&json!("ephemeral"), &json!(false))
    );
    told["text"].as_str().expect("text").to_owned()
}

async fn member_stage(role: &str) -> Stage {
    let stage = Stage::set().await;
    stage.slack_user("Ada", Some("ada@example.com"));
    stage.is_member(role, None);
    stage
}

#[tokio::test]
async fn a_button_does_what_it_says_in_the_name_of_who_pressed_it() {
    let stage = member_stage("RESPONDER").await;
    let me = stage.member.to_string();
    for (action, operation, field, by) in [
        (
            "acknowledge",
            "AcknowledgeIncident",
            "acknowledgeIncident",
            "acknowledgedBy",
        ),
        ("resolve", "ResolveIncident", "resolveIncident", "resolvedBy"),
        ("reopen", "ReopenIncident", "reopenIncident", "acknowledgedBy"),
    ] {
        let who = (action != "reopen").then_some((me.as_str(), "Ada"));
        stage.acted.answer(operation, answered(field, by, who));
        pressed(&stage, &press(&stage, action)).await;
        let call = stage.acted.call(operation);
        assert_eq!(call.on_behalf_of.as_deref(), Some(me.as_str()));
        assert_eq!(call.organization, Some(stage.organization.to_string()));
        assert_eq!(call.arguments["input"]["id"], json!(stage.incident));
        assert_eq!(
            call.arguments["input"]["idempotencyKey"],
            json!(stage.last().await.id)
        );
    }
    assert!(
        stage.acted.calls("respond").is_empty(),
        "nobody is told what they see"
    );
}

#[tokio::test]
async fn a_button_of_a_message_whose_sending_was_not_answered_works_at_once() {
    let stage = member_stage("RESPONDER").await;
    stage.record_post(PostKind::Root, None, |_| {}).await;
    let me = stage.member.to_string();
    let acknowledged = answered("acknowledgeIncident", "acknowledgedBy", Some((&me, "Ada")));
    stage.acted.answer("AcknowledgeIncident", acknowledged);
    let mut payload = press(&stage, "acknowledge");
    payload["container"]["message_ts"] = json!("9.0");
    pressed(&stage, &payload).await;
    let call = stage.acted.call("AcknowledgeIncident");
    assert_eq!(call.organization, Some(stage.organization.to_string()));
    assert_eq!(call.arguments["input"]["id"], json!(stage.incident));
}

#[tokio::test]
async fn who_is_no_member_is_told_so() {
    let stage = Stage::set().await;
    stage.slack_user("Guest", Some("guest@example.org"));
    stage.is_nobody();
    pressed(&stage, &press(&stage, "acknowledge")).await;
    assert!(told(&stage).contains("(NOT_LINKED)"));
    assert!(stage.acted.calls("AcknowledgeIncident").is_empty());
}

#[tokio::test]
async fn who_may_only_read_is_told_so() {
    let stage = member_stage("STAKEHOLDER").await;
    stage.refuses("ResolveIncident", "resolveIncident", "FORBIDDEN");
    pressed(&stage, &press(&stage, "resolve")).await;
    assert!(told(&stage).contains("read-only (READ_ONLY)"));
}

#[tokio::test]
async fn who_is_deactivated_does_nothing_and_is_told_so() {
    let stage = Stage::set().await;
    stage.slack_user("Ada", Some("ada@example.com"));
    stage.is_member("ADMIN", Some("2026-01-01T00:00:00Z"));
    pressed(&stage, &press(&stage, "acknowledge")).await;
    assert!(told(&stage).contains("(DEACTIVATED)"));
    assert!(stage.acted.calls("AcknowledgeIncident").is_empty());
}

#[tokio::test]
async fn who_comes_second_is_told_who_came_first() {
    let stage = member_stage("RESPONDER").await;
    let other = answered(
        "acknowledgeIncident",
        "acknowledgedBy",
        Some(("usr_2", "Bob <!here>")),
    );
    stage.acted.answer("AcknowledgeIncident", other);
    pressed(&stage, &press(&stage, "acknowledge")).await;
    assert_eq!(
        told(&stage),
        "This incident is already acknowledged by Bob &lt;!here&gt; (ALREADY_ACKNOWLEDGED)."
    );
}

#[tokio::test]
async fn who_acknowledges_what_is_over_is_told_who_resolved_it() {
    let stage = member_stage("RESPONDER").await;
    stage.refuses("AcknowledgeIncident", "acknowledgeIncident", "WRONG_STATUS");
    let mut incident = stage.incident_fields(42);
    incident["status"] = json!("RESOLVED");
    incident["resolvedBy"] = json!({"name": "Bob"});
    stage
        .acted
        .answer("IncidentById", json!({"data": {"incident": incident}}));
    pressed(&stage, &press(&stage, "acknowledge")).await;
    assert_eq!(
        told(&stage),
        "This incident is already resolved by Bob (ALREADY_RESOLVED)."
    );
}

#[tokio::test]
async fn where_the_response_address_is_dead_the_person_is_told_in_the_channel() {
    let stage = Stage::set().await;
    stage.slack_user("Guest", None);
    stage
        .acted
        .answer_once("respond", StatusCode::NOT_FOUND, json!({}));
    stage.acted.answer("chat.postEphemeral", json!({"ok": true}));
    pressed(&stage, &press(&stage, "acknowledge")).await;
    let told = stage.acted.call("chat.postEphemeral").arguments;
    assert_eq!((&told["channel"], &told["user"]), (&json!("C1"), &json!("U1")));
    assert!(told["text"].as_str().expect("text").contains("(NOT_LINKED)"));
}

#[tokio::test]
async fn a_button_that_carries_another_incident_does_nothing() {
    let stage = member_stage("OWNER").await;
    let mut payload = press(&stage, "resolve");
    payload["actions"][0]["value"] = json!(IncidentId::new());
    pressed(&stage, &payload).await;
    assert!(told(&stage).contains("(NOT_FOUND)"));
    let mut payload = press(&stage, "resolve");
    payload["container"]["message_ts"] = json!("7.7");
    pressed(&stage, &payload).await;
    assert!(stage.acted.calls("ResolveIncident").is_empty());
}

#[tokio::test]
async fn a_button_on_a_preview_works_as_well() {
    let stage = member_stage("RESPONDER").await;
    let me = stage.member.to_string();
    stage.acted.answer(
        "ResolveIncident",
        answered("resolveIncident", "resolvedBy", Some((&me, "Ada"))),
    );
    let url = "https://tocsin.example.com/ops/incidents/42";
    stage.acted.answer(
        "IncidentByNumber",
        json!({"data": {"incident": stage.incident_fields(42)}}),
    );
    let shared = json!({"type": "link_shared", "channel": "C2", "user": "U1", "message_ts": "3.3", "links": [{"url": url}]});
    let row = stage.event("Ev1", shared).await;
    stage.worked(&row).await;
    let mut payload = press(&stage, "resolve");
    payload["container"] = json!({"type": "message_attachment", "message_ts": "3.3", "channel_id": "C2", "is_app_unfurl": true, "app_unfurl_url": url});
    payload["app_unfurl"] = json!({"app_unfurl_url": url});
    pressed(&stage, &payload).await;
    assert_eq!(
        stage.acted.call("ResolveIncident").arguments["input"]["id"],
        json!(stage.incident)
    );
}

#[tokio::test]
async fn a_button_on_a_preview_of_another_organisation_asks_for_its_rights() {
    let stage = Stage::set().await;
    stage.slack_user("Guest", Some("guest@example.org"));
    stage.is_nobody();
    stage.organizations(&[stage.organization, OrganizationId::new()]);
    stage.acted.answer(
        "IncidentByNumber",
        json!({"data": {"incident": stage.incident_fields(42)}}),
    );
    let mut payload = press(&stage, "resolve");
    payload["container"] = json!({"message_ts": "3.3", "channel_id": "C2", "is_app_unfurl": true,
        "app_unfurl_url": "https://tocsin.example.com/ops/incidents/42"});
    pressed(&stage, &payload).await;
    assert!(told(&stage).contains("(NOT_FOUND)"));
    assert!(stage.acted.calls("IncidentByNumber").is_empty());
}
