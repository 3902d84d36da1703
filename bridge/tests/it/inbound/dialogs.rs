//! Dialogs about an incident: opened, filled, submitted, and what is told of them.

use axum::http::StatusCode;
use serde_json::{Value, json};
use tocsin_entity::{
    id::{OrganizationId, UserId},
    kinds::{InboxState, PostKind},
};

use super::{
    presses::{answered, choice, member_stage, press, pressed, told},
    stage::{Stage, sent},
};
use crate::world::Answer;

/// Opens a dialog from a button or the menu; the view that it shows in the end.
async fn opened(stage: &Stage, payload: &Value) -> Value {
    stage.acted.answer(
        "views.open",
        json!({"ok": true, "view": {"id": "V1", "hash": "1.h"}}),
    );
    stage.acted.answer(
        "views.update",
        json!({"ok": true, "view": {"id": "V1", "hash": "2.h"}}),
    );
    let answer = stage.world.interact(payload).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
    let open = stage.acted.calls("views.open").pop().expect("a dialog").arguments;
    assert_eq!(open["trigger_id"], payload["trigger_id"]);
    let update = stage
        .acted
        .calls("views.update")
        .pop()
        .expect("a filled dialog")
        .arguments;
    assert_eq!(update["view_id"], "V1");
    update["view"].clone()
}

/// Submits the dialog with these inputs.
fn submission(view: &Value, values: &Value) -> Value {
    json!({"type": "view_submission", "team": {"id": "T1"}, "user": {"id": "U1"}, "trigger_id": "2.2.2", "view": {"id": "V1",
        "hash": "2.h", "callback_id": view["callback_id"], "private_metadata": view["private_metadata"],
        "state": {"values": values}}})
}

async fn submitted(stage: &Stage, payload: &Value) -> Answer {
    stage.acted.answer("respond", json!({}));
    let answer = stage.world.interact(payload).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer
}

/// Submits what is in order, and waits until it was done.
async fn done(stage: &Stage, payload: &Value) {
    let answer = submitted(stage, payload).await;
    assert_eq!(answer.body, "", "the dialog closes");
    let row = stage.last().await;
    assert_eq!(stage.worked(&row).await.state, InboxState::Done);
}

fn incident(stage: &Stage, change: impl FnOnce(&mut Value)) {
    let mut incident = stage.incident_fields(42);
    change(&mut incident);
    let found = json!({"data": {"incident": incident}});
    stage.acted.answer("IncidentById", found);
}

fn words(view: &Value) -> String {
    view["blocks"].to_string()
}

#[tokio::test]
async fn resolving_asks_for_a_note_and_takes_one() {
    let stage = member_stage("RESPONDER").await;
    let me = stage.member.to_string();
    incident(&stage, |_| {});
    let view = opened(&stage, &press(&stage, "resolve")).await;
    assert_eq!(view["callback_id"], "resolve");
    assert!(
        stage.acted.calls("ResolveIncident").is_empty(),
        "nothing is done yet"
    );
    let resolved = answered("resolveIncident", "resolvedBy", Some((&me, "Ada")));
    stage.acted.answer("ResolveIncident", resolved);
    let values = json!({"note": {"note": {"type": "plain_text_input", "value": "*Rolled* back: 2 < 3, **so** https://x.y/a_b_"}}});
    done(&stage, &submission(&view, &values)).await;
    let call = stage.acted.call("ResolveIncident");
    assert_eq!(call.on_behalf_of.as_deref(), Some(me.as_str()));
    assert_eq!(call.organization, Some(stage.organization.to_string()));
    assert_eq!(call.arguments["input"]["id"], json!(stage.incident));
    assert_eq!(
        call.arguments["input"]["noteMarkdown"],
        r"**Rolled** back: 2 \< 3, \***so**\* <https://x.y/a_b>\_"
    );
    assert_eq!(
        call.arguments["input"]["idempotencyKey"],
        json!(stage.last().await.id)
    );
    assert!(stage.acted.calls("respond").is_empty(), "the message shows it");
}

#[tokio::test]
async fn a_dialog_that_was_opened_from_an_answer_says_what_came_of_it() {
    let stage = member_stage("RESPONDER").await;
    let me = stage.member.to_string();
    incident(&stage, |_| {});
    let mut payload = press(&stage, "resolve");
    payload["container"]["type"] = json!("message");
    payload["container"]["is_ephemeral"] = json!(true);
    let view = opened(&stage, &payload).await;
    let resolved = answered("resolveIncident", "resolvedBy", Some((&me, "Ada")));
    stage.acted.answer("ResolveIncident", resolved);
    done(&stage, &submission(&view, &json!({}))).await;
    assert_eq!(
        told(&stage),
        "You resolved <https://tocsin.example.com/ops/incidents/42|#42 Payments are failing>."
    );
}

#[tokio::test]
async fn a_submission_that_is_delivered_twice_is_done_once() {
    let stage = member_stage("RESPONDER").await;
    let me = stage.member.to_string();
    incident(&stage, |_| {});
    let view = opened(&stage, &press(&stage, "resolve")).await;
    let resolved = answered("resolveIncident", "resolvedBy", Some((&me, "Ada")));
    stage.acted.answer("ResolveIncident", resolved);
    let payload = submission(&view, &json!({"note": {"note": {"value": null}}}));
    done(&stage, &payload).await;
    done(&stage, &payload).await;
    let call = stage.acted.call("ResolveIncident");
    assert_eq!(call.arguments["input"]["noteMarkdown"], Value::Null);
}

#[tokio::test]
async fn who_resolves_second_is_told_who_did_before() {
    let stage = member_stage("RESPONDER").await;
    incident(&stage, |_| {});
    let view = opened(&stage, &press(&stage, "resolve")).await;
    let other = answered("resolveIncident", "resolvedBy", Some(("usr_2", "Bob")));
    stage.acted.answer("ResolveIncident", other);
    done(&stage, &submission(&view, &json!({}))).await;
    assert_eq!(
        told(&stage),
        "This incident is already resolved by Bob (ALREADY_RESOLVED)."
    );
}

#[tokio::test]
async fn what_stands_in_the_way_is_said_in_the_dialog() {
    let stage = member_stage("RESPONDER").await;
    incident(&stage, |incident| {
        incident["status"] = json!("RESOLVED");
        incident["resolvedBy"] = json!({"name": "Bob"});
    });
    let view = opened(&stage, &press(&stage, "resolve")).await;
    assert!(
        words(&view).contains("already resolved by Bob (ALREADY_RESOLVED)"),
        "{view}"
    );
    assert_eq!(view.get("submit"), None);
    stage.is_member("STAKEHOLDER", None);
    let view = opened(&stage, &choice(&stage, "note")).await;
    assert!(words(&view).contains("(READ_ONLY)"), "{view}");
    stage.is_member("RESPONDER", Some("2026-01-01T00:00:00Z"));
    let view = opened(&stage, &choice(&stage, "reassign")).await;
    assert!(words(&view).contains("(DEACTIVATED)"), "{view}");
    stage.is_nobody();
    let view = opened(&stage, &choice(&stage, "snooze:custom")).await;
    assert!(words(&view).contains("(NOT_LINKED)"), "{view}");
}

#[tokio::test]
async fn where_the_api_is_away_the_dialog_says_so() {
    let stage = member_stage("RESPONDER").await;
    let view = opened(&stage, &press(&stage, "resolve")).await;
    assert!(words(&view).contains("(UNAVAILABLE)"), "{view}");
}

#[tokio::test]
async fn a_dialog_of_an_old_message_says_how_to_go_on() {
    let stage = member_stage("RESPONDER").await;
    let ts = sent(31);
    stage.record_post(PostKind::Root, Some(&ts), |_| {}).await;
    incident(&stage, |_| {});
    let mut payload = press(&stage, "resolve");
    payload["container"]["message_ts"] = json!(ts);
    let view = opened(&stage, &payload).await;
    assert!(words(&view).contains("(TOO_OLD)"), "{view}");
    assert_eq!(view.get("submit"), None);
}

#[tokio::test]
async fn a_trigger_that_was_used_before_opens_nothing_and_says_nothing() {
    let stage = member_stage("RESPONDER").await;
    let used = json!({"ok": false, "error": "exchanged_trigger_id"});
    stage.acted.answer("views.open", used);
    let answer = stage.world.interact(&press(&stage, "resolve")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(stage.acted.calls("respond").is_empty());
    let expired = json!({"ok": false, "error": "expired_trigger_id"});
    stage.acted.answer("views.open", expired);
    stage.acted.answer("respond", json!({}));
    stage.world.interact(&press(&stage, "resolve")).await;
    assert!(told(&stage).contains("(UNAVAILABLE)"));
}

#[tokio::test]
async fn a_dialog_where_the_app_was_removed_is_answered_in_words() {
    let stage = Stage::set().await;
    let revoked = json!({"ok": false, "error": "account_inactive"});
    stage.acted.answer("auth.test", revoked.clone());
    stage.acted.answer("views.open", revoked);
    stage.acted.answer("respond", json!({}));
    stage.world.interact(&press(&stage, "resolve")).await;
    assert!(told(&stage).contains("(DISCONNECTED)"));
}

#[tokio::test]
async fn a_note_is_a_comment_and_an_empty_one_is_refused_at_its_input() {
    let stage = member_stage("RESPONDER").await;
    incident(&stage, |_| {});
    let view = opened(&stage, &choice(&stage, "note")).await;
    let note = |text: &str| json!({"note": {"note": {"type": "plain_text_input", "value": text}}});
    let answer = submitted(&stage, &submission(&view, &note("  "))).await;
    assert_eq!(
        answer.json(),
        json!({"response_action": "errors", "errors": {"note": "Type a note."}})
    );
    assert!(stage.world.inbox().await.is_empty(), "nothing was stored");
    let added = json!({"data": {"addComment": {"entry": {"id": "tle_1"}, "userErrors": [],
        "incident": answered("x", "resolvedBy", None)["data"]["x"]["incident"]}}});
    stage.acted.answer("AddComment", added);
    done(&stage, &submission(&view, &note("Looking *into* it"))).await;
    let input = stage.acted.call("AddComment").arguments["input"].clone();
    assert_eq!(input["bodyMarkdown"], "Looking **into** it");
    assert_eq!(input["externalRef"], Value::Null, "the thread shows it");
}

#[tokio::test]
async fn a_rest_that_is_over_before_it_begins_is_refused_at_its_input() {
    let stage = member_stage("RESPONDER").await;
    incident(&stage, |_| {});
    let view = opened(&stage, &choice(&stage, "snooze:custom")).await;
    let values = json!({"until": {"until": {"type": "datetimepicker", "selected_date_time": 1_000_000_000}}});
    let answer = submitted(&stage, &submission(&view, &values)).await;
    assert_eq!(
        answer.json()["errors"]["until"],
        "This time has passed. Choose a later one."
    );
    let snoozed = answered("snoozeIncident", "acknowledgedBy", None);
    stage.acted.answer("SnoozeIncident", snoozed);
    let until = tocsin_clock::machine_now().unix_timestamp() + 7_200;
    let values = json!({"until": {"until": {"type": "datetimepicker", "selected_date_time": until}}});
    done(&stage, &submission(&view, &values)).await;
    let input = stage.acted.call("SnoozeIncident").arguments["input"].clone();
    let told = time::OffsetDateTime::from_unix_timestamp(until).expect("a time");
    let format = time::format_description::well_known::Rfc3339;
    assert_eq!(input["until"], told.format(&format).expect("a time"));
}

#[tokio::test]
async fn people_are_found_as_one_types_and_given_the_incident() {
    let stage = member_stage("RESPONDER").await;
    incident(&stage, |_| {});
    let (bob, carol) = (UserId::new(), UserId::new());
    let user = |id: UserId, name: &str, email: &str| json!({"id": id, "name": name, "email": email, "deactivatedAt": null});
    let assignees = json!({"data": {"incident": {"assignees": [user(bob, "Bob Baker", "bob@example.com")]}}});
    stage.acted.answer("Assignees", assignees);
    let view = opened(&stage, &choice(&stage, "reassign")).await;
    assert_eq!(
        view["blocks"][1]["element"]["initial_options"][0],
        json!({"text": {"type": "plain_text", "text": "Bob Baker (bob@example.com)"}, "value": bob})
    );
    let found = [user(carol, "Carol Chen", "carol@example.com")];
    stage
        .acted
        .answer("Responders", json!({"data": {"users": {"nodes": found}}}));
    let mut asked = submission(&view, &json!({}));
    asked["type"] = json!("block_suggestion");
    asked["action_id"] = json!("assignees");
    asked["value"] = json!("caro");
    let body = serde_urlencoded::to_string([("payload", asked.to_string())]).expect("a form");
    let answer = stage.world.post("/slack/options", body.clone()).await;
    assert_eq!(
        answer.json(),
        json!({"options": [{"text": {"type": "plain_text", "text": "Carol Chen (carol@example.com)"}, "value": carol}]})
    );
    let me = stage.member.to_string();
    let calls = stage.acted.calls("Responders");
    assert!(
        calls
            .iter()
            .all(|call| call.on_behalf_of.as_deref() == Some(me.as_str()))
    );
    assert_eq!((calls.len(), &calls[0].arguments["search"]), (1, &json!("caro")));
    let reassigned = answered("reassignIncident", "acknowledgedBy", None);
    stage.acted.answer("ReassignIncident", reassigned);
    let values =
        json!({"assignees": {"assignees": {"selected_options": [{"value": bob}, {"value": carol}]}}});
    done(&stage, &submission(&view, &values)).await;
    let input = stage.acted.call("ReassignIncident").arguments["input"].clone();
    assert_eq!(input["assigneeIds"], json!([bob, carol]));
    stage.is_nobody();
    let answer = stage.world.post("/slack/options", body).await;
    assert_eq!(
        answer.json(),
        json!({"options": []}),
        "strangers are told no names"
    );
}

#[tokio::test]
async fn services_of_one_name_are_told_apart_by_their_organisations() {
    let stage = member_stage("RESPONDER").await;
    let services = [json!({"id": "svc_01930000000070008000000000000001", "name": "Payments"})];
    let found = json!({"data": {"organization": {"name": "Acme"}, "services": {"nodes": services,
        "pageInfo": {"hasNextPage": false, "endCursor": null}}}});
    stage.acted.answer("ServicesToName", found);
    let asked = json!({"type": "block_suggestion", "team": {"id": "T1"}, "user": {"id": "U1"}, "action_id": "service", "value": "pay",
        "view": {"id": "V1", "callback_id": "create", "private_metadata": "{}"}});
    let shown = async || {
        let body = serde_urlencoded::to_string([("payload", asked.to_string())]).expect("a form");
        let answer = stage.world.post("/slack/options", body).await.json();
        let options = answer["options"].as_array().expect("options").clone();
        let text = |option: Value| option["text"]["text"].as_str().expect("a text").to_owned();
        options.into_iter().map(text).collect::<Vec<_>>()
    };
    assert_eq!(shown().await, ["Payments"]);
    let other = OrganizationId::new();
    stage.organizations(&[stage.organization, other]);
    stage.is_member_of(&[stage.organization, other], "EMAIL", "RESPONDER", None);
    assert_eq!(shown().await, ["Payments (Acme)", "Payments (Acme)"]);
    // What was typed names both, so neither is done.
    stage.acted.answer("respond", json!({}));
    let typed = [
        ("command", "/incident"),
        ("text", "create Cards fail service:payments"),
        ("team_id", "T1"),
        ("channel_id", "C1"),
        ("user_id", "U1"),
        ("trigger_id", "9.9.9"),
        ("response_url", &stage.acted.response_url()),
    ];
    let body = serde_urlencoded::to_string(typed).expect("a form");
    stage.world.post("/slack/commands", body).await;
    let row = stage.last().await;
    stage.worked(&row).await;
    let text = told(&stage);
    assert!(
        text.contains("(AMBIGUOUS_SERVICE)") && text.contains("\"Payments (Acme)\" or \"Payments (Acme)\""),
        "{text}"
    );
}

#[tokio::test]
async fn urgency_and_severity_change_where_they_were_changed() {
    let stage = member_stage("RESPONDER").await;
    incident(&stage, |_| {});
    let view = opened(&stage, &choice(&stage, "urgency_severity")).await;
    assert_eq!(view["blocks"][1]["element"]["initial_option"]["value"], "HIGH");
    let updated = answered("updateIncident", "acknowledgedBy", None);
    stage.acted.answer("UpdateIncident", updated);
    let values = json!({"urgency": {"urgency": {"selected_option": {"value": "HIGH"}}},
        "severity": {"severity": {"selected_option": {"value": "SEV1"}}}});
    done(&stage, &submission(&view, &values)).await;
    let input = stage.acted.call("UpdateIncident").arguments["input"].clone();
    assert_eq!(
        (&input["urgency"], &input["severity"]),
        (&Value::Null, &json!("SEV1"))
    );
}

#[tokio::test]
async fn whoever_may_only_read_may_read_the_details() {
    let stage = member_stage("STAKEHOLDER").await;
    let mut incident = stage.incident_fields(42);
    incident["timeline"] = json!({"pageInfo": {"hasPreviousPage": false, "startCursor": null}, "nodes": []});
    incident["slackRouting"] = json!([]);
    let found =
        json!({"data": {"incident": incident, "organization": {"name": "Example"}, "connectors": []}});
    stage.acted.answer("IncidentToMirror", found);
    let view = opened(&stage, &choice(&stage, "view")).await;
    assert!(words(&view).contains("Payments are failing"), "{view}");
    assert_eq!(view.get("submit"), None);
    assert_eq!(view["close"]["text"], "Close");
}

#[tokio::test]
async fn a_submission_that_names_another_incident_has_the_rights_of_who_submits_it() {
    let stage = member_stage("RESPONDER").await;
    incident(&stage, |_| {});
    let view = opened(&stage, &press(&stage, "resolve")).await;
    stage.is_nobody();
    done(&stage, &submission(&view, &json!({}))).await;
    assert!(told(&stage).contains("(NOT_LINKED)"));
    assert!(stage.acted.calls("ResolveIncident").is_empty());
}

#[tokio::test]
async fn a_press_of_resolve_on_a_preview_opens_the_dialog_as_well() {
    let stage = member_stage("RESPONDER").await;
    incident(&stage, |_| {});
    stage.links_show(&[stage.incident_fields(42)], false);
    let url = "https://tocsin.example.com/ops/incidents/42";
    let mut payload = press(&stage, "resolve");
    payload["container"] = json!({"type": "message_attachment", "message_ts": sent(1), "channel_id": "C2", "is_app_unfurl": true,
        "app_unfurl_url": url});
    let view = opened(&stage, &payload).await;
    assert_eq!(view["callback_id"], "resolve");
    assert!(
        view["private_metadata"]
            .as_str()
            .expect("metadata")
            .contains(&stage.incident.to_string())
    );
}

#[tokio::test]
async fn a_button_that_needs_no_dialog_opens_none() {
    let stage = member_stage("RESPONDER").await;
    let me = stage.member.to_string();
    let acknowledged = answered("acknowledgeIncident", "acknowledgedBy", Some((&me, "Ada")));
    stage.acted.answer("AcknowledgeIncident", acknowledged);
    pressed(&stage, &press(&stage, "acknowledge")).await;
    assert!(stage.acted.calls("views.open").is_empty());
}
