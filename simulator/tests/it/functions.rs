//! Steps of workflows.

use reqwest::RequestBuilder;
use serde_json::{Map, Value, json};
use tocsin_simulator::FunctionOutcome;

use crate::app::Taken;
use crate::slack::Slack;

fn inputs(inputs: Value) -> Map<String, Value> {
    let Value::Object(inputs) = inputs else {
        panic!("no object: {inputs}")
    };
    inputs
}

/// Alice runs the step; the event.
async fn run(slack: &Slack, given: Value) -> Value {
    let alice = slack.sim.person("alice");
    alice.run_function("trigger_incident", inputs(given)).unwrap();
    let is_step = |taken: &Taken| taken.body["event"]["type"] == "function_executed";
    let runs = slack.sim.snapshot().executions.len();
    let mut told = slack.app.wait_for(runs, is_step).await;
    told.pop().unwrap().body["event"].clone()
}

fn as_workflow(slack: &Slack, token: &Value, method: &str, args: &Value) -> RequestBuilder {
    let url = format!("{}/{method}", slack.sim.api_url());
    let request = slack.http.post(url).bearer_auth(token.as_str().unwrap());
    request
        .header("content-type", "application/json; charset=utf-8")
        .body(args.to_string())
}

async fn error(request: RequestBuilder) -> String {
    let reply: Value = request.send().await.unwrap().json().await.unwrap();
    reply["error"].as_str().unwrap_or("none").to_owned()
}

fn outputs() -> Value {
    json!({"incident_number": 1, "incident_title": "Down", "incident_url": "https://example.com/1"})
}

#[tokio::test]
async fn a_step_is_completed_once_with_the_outputs_that_were_declared() {
    let slack = Slack::start().await;
    let event = run(&slack, json!({"title": "Down", "reporter": "me"})).await;
    let id = &event["function_execution_id"];
    assert_eq!(
        event["inputs"]["reporter"],
        slack.sim.snapshot().person("alice").unwrap().id
    );
    assert!(event["bot_access_token"].as_str().unwrap().starts_with("xwfp-"));
    let success = "functions.completeSuccess";
    for wrong in [
        json!({}),
        json!({"incident_number": "1", "incident_title": "", "incident_url": ""}),
    ] {
        let args = json!({"function_execution_id": id, "outputs": wrong});
        assert_eq!(slack.refused(success, args).await, "parameter_validation_failed");
    }
    let args = json!({"function_execution_id": "Fx9", "outputs": outputs()});
    assert_eq!(slack.refused(success, args).await, "function_execution_not_found");

    let args = json!({"function_execution_id": id, "outputs": outputs()});
    let token = &event["bot_access_token"];
    assert_eq!(error(as_workflow(&slack, token, success, &args)).await, "none");
    let execution = slack.sim.snapshot().executions.pop().unwrap();
    let outputs = inputs(outputs());
    assert_eq!(execution.outcome, FunctionOutcome::Succeeded { outputs });
    assert_eq!(
        slack.refused(success, args.clone()).await,
        "execution_not_in_running_state"
    );
    assert_eq!(
        error(as_workflow(&slack, token, success, &args)).await,
        "token_expired",
        "its token is good for the step alone"
    );
}

#[tokio::test]
async fn a_step_fails_with_words_and_its_token_is_good_for_no_other() {
    let slack = Slack::start().await;
    let first = run(&slack, json!({"title": "Down"})).await;
    let second = run(&slack, json!({"title": "Out"})).await;
    let args = json!({"function_execution_id": second["function_execution_id"], "error": "No such service"});
    let method = "functions.completeError";
    let foreign = as_workflow(&slack, &first["bot_access_token"], method, &args);
    assert_eq!(error(foreign).await, "access_denied");
    slack.ok(method, args).await;
    let failed = slack.sim.snapshot().executions.pop().unwrap();
    assert_eq!(
        failed.outcome,
        FunctionOutcome::Failed {
            error: "No such service".to_owned()
        }
    );
}

#[tokio::test]
async fn a_workflow_gives_what_the_function_takes() {
    let slack = Slack::start().await;
    let alice = slack.sim.person("alice");
    let run = |name: &str, given: Value| alice.run_function(name, inputs(given)).unwrap_err().to_string();
    assert!(run("reverse", json!({})).contains("no function \"reverse\""));
    assert!(run("trigger_incident", json!({})).contains("\"title\" must be a string"));
    let unknown = json!({"title": "Down", "colour": "red"});
    assert!(run("trigger_incident", unknown).contains("no input \"colour\""));
}
