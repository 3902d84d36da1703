//! The step *Trigger incident* of a workflow.

use axum::http::StatusCode;
use serde_json::{Value, json};
use tocsin_entity::{id::OrganizationId, kinds::InboxState};

use crate::inbound::stage::Stage;

async fn stage() -> Stage {
    let stage = Stage::set().await;
    stage.slack_user("Ada", Some("ada@example.com"));
    stage.is_member("RESPONDER", None);
    let incident = json!({"number": 7, "title": "Down", "url": "https://tocsin.example.com/ops/incidents/7"});
    stage.acted.answer(
        "TriggerFromWorkflow",
        json!({"data": {"triggerIncident": {"incident": incident, "userErrors": []}}}),
    );
    let services = json!([{"id": "svc_019300000000700080000000000000fe", "name": "Search"}, {"id": "svc_019300000000700080000000000000ff", "name": "Payments"}]);
    stage.acted.answer(
        "ServicesToName",
        json!({"data": {"organization": {"name": "Org"}, "services": {"nodes": services, "pageInfo": {"hasNextPage": false, "endCursor": null}}}}),
    );
    for method in ["functions.completeSuccess", "functions.completeError"] {
        stage.acted.answer(method, json!({"ok": true}));
    }
    stage
}

fn executed(inputs: &Value) -> Value {
    json!({"type": "function_executed", "function": {"id": "Fn1", "callback_id": "trigger_incident"},
        "function_execution_id": "Fx1", "workflow_execution_id": "Wx1", "inputs": inputs, "bot_access_token": "xwfp-1"})
}

/// Runs the step, and gives what the workflow was told to have gone wrong.
async fn failure(stage: &Stage, inputs: Value) -> String {
    let id = format!("Ev-{}", stage.world.inbox().await.len());
    let row = stage.event(&id, executed(&inputs)).await;
    assert_eq!(stage.worked(&row).await.state, InboxState::Done);
    let told = stage.acted.calls("functions.completeError");
    let told = told.last().expect("an error");
    assert_eq!(told.arguments["function_execution_id"], "Fx1");
    told.arguments["error"].as_str().expect("words").to_owned()
}

#[tokio::test]
async fn a_workflow_triggers_an_incident_in_its_reporters_name() {
    let stage = stage().await;
    let inputs = json!({"title": "Down", "description": "*All* of it", "service": "payments", "urgency": "low",
        "assignee": "ada@example.com", "reporter": "U1"});
    let row = stage.event("Ev1", executed(&inputs)).await;
    let row = stage.worked(&row).await;
    assert_eq!(row.state, InboxState::Done);
    let triggered = stage.acted.call("TriggerFromWorkflow");
    assert_eq!(triggered.on_behalf_of, Some(stage.member.to_string()));
    let input = &triggered.arguments["input"];
    assert_eq!(
        (&input["title"], &input["urgency"], &input["descriptionMarkdown"]),
        (&json!("Down"), &json!("LOW"), &json!("**All** of it"))
    );
    assert_eq!(input["idempotencyKey"], row.id.to_string());
    assert_eq!(input["assigneeIds"], json!([stage.member]));
    assert!(
        input["serviceId"]
            .as_str()
            .expect("a service")
            .starts_with("svc_")
    );
    let told = stage.acted.call("functions.completeSuccess");
    let outputs = json!({"incident_number": 7, "incident_title": "Down", "incident_url": "https://tocsin.example.com/ops/incidents/7"});
    assert_eq!(
        told.arguments,
        json!({"function_execution_id": "Fx1", "outputs": outputs})
    );
    assert_eq!(
        row.payload["event"]["bot_access_token"],
        Value::Null,
        "the token is not kept"
    );
    assert_eq!(row.payload["event"]["function_execution_id"], "Fx1");
}

#[tokio::test]
async fn what_a_workflow_got_wrong_is_said_with_what_to_do() {
    let stage = stage().await;
    let says = |inputs: Value| failure(&stage, inputs);
    assert!(
        says(json!({"reporter": "U1"}))
            .await
            .contains("give the incident a title")
    );
    let told = says(json!({"title": "Down", "reporter": "U1", "urgency": "soon"})).await;
    assert!(told.contains("HIGH, MEDIUM or LOW"), "{told}");
    let told = says(json!({"title": "Down", "reporter": "U1", "service": "Paymints"})).await;
    assert!(told.contains("no service \"Paymints\""), "{told}");
    stage.is_nobody();
    let told = says(json!({"title": "Down", "reporter": "U1"})).await;
    assert!(told.contains("(NOT_LINKED)"), "{told}");
    stage.organizations(&[stage.organization, OrganizationId::new()]);
    let told = says(json!({"title": "Down"})).await;
    assert!(told.contains("Person who used this workflow"), "{told}");
    assert!(stage.acted.calls("TriggerFromWorkflow").is_empty());
}

#[tokio::test]
async fn without_a_reporter_the_api_decides_and_its_refusal_says_what_to_do() {
    let stage = stage().await;
    let refused = json!({"incident": null, "userErrors": [{"code": "FORBIDDEN", "message": "On behalf of a member only."}]});
    stage.acted.answer(
        "TriggerFromWorkflow",
        json!({"data": {"triggerIncident": refused}}),
    );
    let told = failure(&stage, json!({"title": "Down"})).await;
    assert!(
        told.contains("(FORBIDDEN)") && told.contains("Reporter"),
        "{told}"
    );
    assert_eq!(stage.acted.call("TriggerFromWorkflow").on_behalf_of, None);
}

#[tokio::test]
async fn a_step_is_completed_with_the_bots_token_where_the_workflows_own_is_over_and_once() {
    let stage = stage().await;
    for code in ["token_expired", "execution_not_in_running_state"] {
        stage.acted.answer_once(
            "functions.completeSuccess",
            StatusCode::OK,
            json!({"ok": false, "error": code}),
        );
    }
    let row = stage
        .event("Ev1", executed(&json!({"title": "Down", "reporter": "U1"})))
        .await;
    assert_eq!(stage.worked(&row).await.state, InboxState::Done);
    assert_eq!(stage.acted.calls("functions.completeSuccess").len(), 2);
    assert_eq!(stage.acted.calls("TriggerFromWorkflow").len(), 1);
}

#[tokio::test]
async fn another_apps_function_is_not_stored() {
    let stage = stage().await;
    let event = json!({"type": "function_executed", "function": {"callback_id": "reverse"}, "function_execution_id": "Fx1"});
    let request = json!({"type": "event_callback", "team_id": "T1", "event_id": "Ev9", "event": event});
    let answer = stage.world.post("/slack/events", request.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(stage.world.inbox().await.is_empty());
}

#[tokio::test]
async fn a_step_that_can_never_succeed_is_completed_with_the_reason() {
    let stage = stage().await;
    let error = json!({"message": "No such organisation.", "extensions": {"code": "NOT_FOUND"}});
    stage
        .acted
        .answer("TriggerFromWorkflow", json!({"errors": [error]}));
    let told = failure(&stage, json!({"title": "Down", "reporter": "U1"})).await;
    assert!(told.contains("No such organisation."), "{told}");
}
