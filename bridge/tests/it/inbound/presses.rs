//! Buttons on an incident's message and on previews.

use axum::http::StatusCode;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use tocsin_entity::{
    id::{IncidentId, OrganizationId},
    kinds::{InboxState, PostKind},
};

use super::stage::{Stage, sent};

/// A press of a button on the incident's message of today.
pub(super) fn press(stage: &Stage, action: &str) -> Value {
    json!({"type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1"}, "trigger_id": "1.2.3",
        "container": {"type": "message_attachment", "message_ts": stage.today, "channel_id": "C1"},
        "channel": {"id": "C1"}, "response_url": stage.acted.response_url(),
        "actions": [{"type": "button", "action_id": action, "value": stage.incident, "action_ts": "5.0"}]})
}

pub(super) async fn pressed(stage: &Stage, payload: &Value) {
    stage.acted.answer("respond", json!({}));
    assert_eq!(stage.world.interact(payload).await.status, StatusCode::OK);
    let row = stage.last().await;
    assert_eq!(stage.worked(&row).await.state, InboxState::Done);
}

/// The incident as a mutation answers with it.
pub(super) fn answered(field: &str, by: &str, user: Option<(&str, &str)>) -> Value {
    let mut incident = json!({"id": "inc_1", "number": 42, "title": "Payments are failing",
        "url": "https://tocsin.example.com/ops/incidents/42", "status": "ACKNOWLEDGED", "version": 2, "acknowledgedBy": null, "resolvedBy": null});
    incident[by] = user.map_or(Value::Null, |(id, name)| json!({"id": id, "name": name}));
    json!({"data": {field: {"entry": {"id": "tle_1"}, "incident": incident, "userErrors": []}}})
}

pub(super) fn told(stage: &Stage) -> String {
    let told = stage.acted.call("respond").arguments;
    assert_eq!(
        (&told["response_type"], &told["replace_original"]),
        (&json!("ephemeral"), &json!(false))
    );
    told["text"].as_str().expect("text").to_owned()
}

pub(super) async fn member_stage(role: &str) -> Stage {
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
    payload["container"]["message_ts"] = json!(sent(1));
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
    stage.refuses("AcknowledgeIncident", "acknowledgeIncident", "FORBIDDEN");
    pressed(&stage, &press(&stage, "acknowledge")).await;
    assert!(
        told(&stage)
            .contains("you have read-only access in Acme (READ_ONLY). Ask an administrator: Olga Owner.")
    );
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
async fn an_answer_that_slack_does_not_take_is_sent_again() {
    let stage = Stage::set().await;
    stage.slack_user("Guest", None);
    stage.acted.answer("respond", json!({}));
    for status in [StatusCode::SERVICE_UNAVAILABLE, StatusCode::BAD_GATEWAY] {
        stage.acted.answer_once("respond", status, json!({}));
    }
    pressed(&stage, &press(&stage, "acknowledge")).await;
    let told = stage.acted.calls("respond");
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().all(|call| call.arguments == told[0].arguments));
    assert!(stage.acted.calls("chat.postEphemeral").is_empty());
}

#[tokio::test]
async fn a_button_that_carries_another_incident_does_nothing() {
    let stage = member_stage("OWNER").await;
    let mut payload = press(&stage, "acknowledge");
    payload["actions"][0]["value"] = json!(IncidentId::new());
    pressed(&stage, &payload).await;
    assert!(told(&stage).contains("(NOT_FOUND)"));
    let mut payload = press(&stage, "acknowledge");
    payload["container"]["message_ts"] = json!(sent(2));
    pressed(&stage, &payload).await;
    assert!(stage.acted.calls("AcknowledgeIncident").is_empty());
}

#[tokio::test]
async fn a_button_on_a_preview_works_as_well() {
    let stage = member_stage("RESPONDER").await;
    let me = stage.member.to_string();
    stage.acted.answer(
        "AcknowledgeIncident",
        answered("acknowledgeIncident", "acknowledgedBy", Some((&me, "Ada"))),
    );
    let url = "https://tocsin.example.com/ops/incidents/42";
    stage.links_show(&[stage.incident_fields(42)], false);
    let ts = sent(1);
    let shared = json!({"type": "link_shared", "channel": "C2", "user": "U1", "message_ts": ts, "links": [{"url": url}]});
    let row = stage.event("Ev1", shared).await;
    stage.worked(&row).await;
    let mut payload = press(&stage, "acknowledge");
    payload["container"] = json!({"type": "message_attachment", "message_ts": ts, "channel_id": "C2", "is_app_unfurl": true, "app_unfurl_url": url});
    payload["app_unfurl"] = json!({"app_unfurl_url": url});
    pressed(&stage, &payload).await;
    assert_eq!(
        stage.acted.call("AcknowledgeIncident").arguments["input"]["id"],
        json!(stage.incident)
    );
}

#[tokio::test]
async fn a_button_on_a_preview_of_another_organisation_asks_for_its_rights() {
    let stage = Stage::set().await;
    stage.slack_user("Guest", Some("guest@example.org"));
    stage.is_nobody();
    stage.links_show(&[], false);
    let ts = sent(1);
    let mut payload = press(&stage, "acknowledge");
    payload["container"] = json!({"message_ts": ts, "channel_id": "C2", "is_app_unfurl": true,
        "app_unfurl_url": "https://tocsin.example.com/ops/incidents/42"});
    pressed(&stage, &payload).await;
    assert!(told(&stage).contains("(NOT_FOUND)"));
    let asked = stage.acted.call("SlackPreviews");
    assert_eq!(asked.arguments["input"]["email"], json!("guest@example.org"));
}

/// A choice in the menu of the incident's message of today.
pub(super) fn choice(stage: &Stage, value: &str) -> Value {
    let mut payload = press(stage, "more");
    let block_id = format!("incident:{}:0", stage.incident);
    payload["actions"] = json!([{"type": "static_select", "action_id": "more", "block_id": block_id, "action_ts": value,
        "selected_option": {"text": {"type": "plain_text", "text": "…"}, "value": value}}]);
    payload
}

#[tokio::test]
async fn a_rest_from_the_menu_begins_when_it_was_chosen() {
    let stage = member_stage("RESPONDER").await;
    let me = stage.member.to_string();
    for (value, minutes) in [
        ("snooze:15m", 15),
        ("snooze:30m", 30),
        ("snooze:1h", 60),
        ("snooze:4h", 240),
    ] {
        let snoozed = answered("snoozeIncident", "acknowledgedBy", Some((&me, "Ada")));
        stage.acted.answer("SnoozeIncident", snoozed);
        pressed(&stage, &choice(&stage, value)).await;
        let row = stage.last().await;
        let call = stage.acted.calls("SnoozeIncident").pop().expect("a rest");
        let until = call.arguments["input"]["until"].as_str().expect("a time");
        let until = OffsetDateTime::parse(until, &Rfc3339).expect("a time");
        assert_eq!(until - row.received_at, Duration::minutes(minutes));
        assert_eq!(call.on_behalf_of.as_deref(), Some(me.as_str()));
    }
    assert!(stage.acted.calls("respond").is_empty());
}

#[tokio::test]
async fn a_choice_that_is_delivered_twice_is_made_once() {
    let stage = member_stage("RESPONDER").await;
    let snoozed = answered("snoozeIncident", "acknowledgedBy", None);
    stage.acted.answer("SnoozeIncident", snoozed);
    let payload = choice(&stage, "snooze:1h");
    pressed(&stage, &payload).await;
    pressed(&stage, &payload).await;
    assert_eq!(stage.acted.calls("SnoozeIncident").len(), 1);
}

#[tokio::test]
async fn there_is_nobody_to_escalate_to() {
    let stage = member_stage("RESPONDER").await;
    pressed(&stage, &choice(&stage, "escalate")).await;
    assert_eq!(
        told(&stage),
        "This incident has no escalation policy, so there is nobody to escalate to. Reassign it instead (NO_ESCALATION_POLICY)."
    );
    stage.is_member("STAKEHOLDER", None);
    let mut again = choice(&stage, "escalate");
    again["actions"][0]["action_ts"] = json!("6.0");
    pressed(&stage, &again).await;
    let told = stage.acted.calls("respond").pop().expect("words").arguments;
    assert!(told["text"].as_str().expect("text").contains("(READ_ONLY)"));
}

#[tokio::test]
async fn a_message_of_more_than_thirty_days_ago_says_how_to_go_on_and_does_nothing() {
    let stage = member_stage("RESPONDER").await;
    let ts = sent(31);
    stage.record_post(PostKind::Root, Some(&ts), |_| {}).await;
    let incident = json!({"data": {"incident": stage.incident_fields(42)}});
    stage.acted.answer("IncidentById", incident);
    let mut payload = press(&stage, "acknowledge");
    payload["container"]["message_ts"] = json!(ts);
    pressed(&stage, &payload).await;
    assert_eq!(
        told(&stage),
        "This message is more than 30 days old, so nothing was done. To acknowledge the incident, open \
         <https://tocsin.example.com/ops/incidents/42|#42> or use the slash command with `ack 42` (TOO_OLD)."
    );
    assert!(stage.acted.calls("AcknowledgeIncident").is_empty());
}

#[tokio::test]
async fn a_member_of_another_organisation_alone_is_told_so() {
    let stage = member_stage("OWNER").await;
    let other = OrganizationId::new();
    stage.is_member_of(&[other], "EMAIL", "OWNER", None);
    pressed(&stage, &press(&stage, "acknowledge")).await;
    assert!(told(&stage).contains("(OTHER_ORGANIZATION)"), "{}", told(&stage));
    assert!(stage.acted.calls("AcknowledgeIncident").is_empty());
}

#[tokio::test]
async fn where_the_app_was_removed_people_are_told_and_nothing_is_done() {
    let stage = Stage::set().await;
    let revoked = json!({"ok": false, "error": "token_revoked"});
    stage.acted.answer("users.info", revoked.clone());
    stage.acted.answer("auth.test", revoked);
    pressed(&stage, &press(&stage, "acknowledge")).await;
    assert!(told(&stage).contains("(DISCONNECTED)"));
    assert!(stage.acted.calls("AcknowledgeIncident").is_empty());
    assert!(stage.acted.calls("SlackMembers").is_empty());
}

#[tokio::test]
async fn a_button_in_the_home_tab_acts_in_the_persons_own_organisation() {
    let stage = member_stage("RESPONDER").await;
    let me = stage.member.to_string();
    let acknowledged = answered("acknowledgeIncident", "acknowledgedBy", Some((&me, "Ada")));
    stage.acted.answer("AcknowledgeIncident", acknowledged);
    let found = json!({"data": {"incident": stage.incident_fields(42)}});
    stage.acted.answer("IncidentById", found);
    let payload = json!({"type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1"}, "trigger_id": "1.2.3",
        "container": {"type": "view", "view_id": "V1"}, "view": {"id": "V1", "type": "home", "hash": "1"},
        "actions": [{"type": "button", "action_id": "acknowledge", "value": stage.incident, "action_ts": "5.0"}]});
    pressed(&stage, &payload).await;
    let call = stage.acted.call("AcknowledgeIncident");
    assert_eq!(call.organization, Some(stage.organization.to_string()));
    stage.is_nobody();
    stage.acted.answer(
        "views.open",
        json!({"ok": true, "view": {"id": "V2", "hash": "1"}}),
    );
    let mut payload = payload;
    payload["actions"][0]["action_ts"] = json!("6.0");
    pressed(&stage, &payload).await;
    let shown = stage.acted.call("views.open").arguments["view"].to_string();
    assert!(shown.contains("(NOT_LINKED)"), "{shown}");
}

#[tokio::test]
async fn an_answer_goes_to_no_address_but_one_of_slack_s() {
    let stage = Stage::set().await;
    stage.slack_user("Ada", Some("ada@example.com"));
    let elsewhere = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    elsewhere.set_nonblocking(true).expect("a listener");
    let address = elsewhere.local_addr().expect("an address");
    stage
        .acted
        .answer("chat.postEphemeral", json!({"ok": true, "message_ts": "9.9"}));
    let mut payload = press(&stage, "acknowledge");
    payload["response_url"] = json!(format!("http://{address}/respond"));
    pressed(&stage, &payload).await;
    let told = stage.acted.call("chat.postEphemeral").arguments;
    assert!(
        told["text"].as_str().expect("text").contains("(NOT_LINKED)"),
        "they are told in the channel instead: {told}"
    );
    assert!(stage.acted.calls("respond").is_empty());
    let called = elsewhere.accept().expect_err("nobody has called");
    assert_eq!(called.kind(), std::io::ErrorKind::WouldBlock);
}
