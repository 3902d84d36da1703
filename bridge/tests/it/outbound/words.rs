//! Messages in an organisation's own words, and in the built-in ones where these fail.

use serde_json::json;
use tocsin_entity::id::ConnectorId;
use tocsin_simulator::{Fault, FaultKind};

use super::stage::Stage;

/// A connector with a template; gives its id.
fn with_template(stage: &Stage, title: &str) -> ConnectorId {
    stage.tracker.disconnect();
    let template =
        json!({"title": title, "body": null, "fields": [{"name": "Number", "value": "{{ incident.key }}"}]});
    let id = stage
        .tracker
        .connector_with("own", "#incidents", json!({"template": template}));
    id.as_str().expect("an id").parse().expect("an id")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_told_in_the_words_of_the_connectors_template() {
    let stage = Stage::set().await;
    with_template(
        &stage,
        "{{ incident.title | upper }} ({{ organization.name }}) <{{ incident.title }}>",
    );
    let incident = stage.tracker.trigger("!channel fails");
    stage.ring(incident);
    stage.until_shown(incident).await;
    let message = stage.message();
    assert_eq!(message.text, "!CHANNEL FAILS (Example) &lt;!channel fails>");
    let words = message.words();
    assert!(
        words.contains("*Number*") && !words.contains("*Urgency*"),
        "{words}"
    );
    assert!(!words.contains("<!channel"), "{words}");

    stage.tracker.acknowledge(incident);
    stage.ring(incident);
    stage.until_shown(incident).await;
    assert!(stage.message().text.starts_with("!CHANNEL FAILS"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_fails_is_stood_in_for_by_the_built_in_words_and_the_connector_says_why() {
    let stage = Stage::set().await;
    let id = with_template(&stage, "{{ incident.title | shout }}");
    let incident = stage.tracker.trigger("Payments are failing");
    stage.ring(incident);
    stage.until_shown(incident).await;
    let message = stage.message();
    assert!(message.words().contains("*Urgency*"), "{}", message.words());
    let found = stage
        .until_connector_is(id, |row| row.template_trouble.is_some())
        .await;
    let trouble = found.template_trouble.expect("a reason");
    assert!(
        trouble.starts_with("title, line 1: ") && trouble.contains("shout"),
        "{trouble}"
    );
    assert!(found.template_trouble_at.is_some());

    // Repaired, the message takes the new words with the next change, and nothing is said against the template.
    stage.tracker.retitle(id, "{{ incident.title | upper }}");
    stage.tracker.acknowledge(incident);
    stage.ring(incident);
    stage.until_shown(incident).await;
    assert_eq!(stage.message().text, "PAYMENTS ARE FAILING");
    stage
        .until_connector_is(id, |row| row.template_trouble.is_none())
        .await;
}

/// Slack refuses the blocks of so many calls.
fn refuse_blocks(stage: &Stage, method: &str, times: u32) {
    let error = "invalid_blocks".to_owned();
    let refused = Fault::on(method, FaultKind::Error { error });
    stage.slack.add_fault(refused.times(Some(times)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_slack_refuses_is_stood_in_for_by_the_built_in_words_and_the_connector_says_so() {
    let stage = Stage::set().await;
    let id = with_template(&stage, "{{ incident.title | upper }}");
    refuse_blocks(&stage, "chat.postMessage", 1);
    let incident = stage.tracker.trigger("Payments are failing");
    stage.ring(incident);
    stage.until_shown(incident).await;
    let words = stage.message().words();
    assert!(
        words.contains("*Urgency*") && words.contains("Acknowledge"),
        "{words}"
    );
    let found = stage
        .until_connector_is(id, |row| row.template_trouble.is_some())
        .await;
    let trouble = found.template_trouble.expect("a reason");
    assert!(
        trouble.contains("Slack refuses") && trouble.contains("invalid_blocks"),
        "{trouble}"
    );

    // A change is shown in the same way, and what is told in the thread clears nothing.
    refuse_blocks(&stage, "chat.update", 1);
    stage.tracker.acknowledge(incident);
    stage.ring(incident);
    stage.until_shown(incident).await;
    let words = stage.message().words();
    assert!(
        words.contains("*Urgency*") && words.contains("Acknowledged"),
        "{words}"
    );

    stage.tracker.resolve(incident, "Repaired");
    stage.ring(incident);
    stage.until_shown(incident).await;
    assert_eq!(stage.message().text, "PAYMENTS ARE FAILING");
    stage
        .until_connector_is(id, |row| row.template_trouble.is_none())
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_where_slack_refuses_the_built_in_words_too_the_bare_text_is_left() {
    let stage = Stage::set().await;
    with_template(&stage, "{{ incident.title | upper }}");
    refuse_blocks(&stage, "chat.postMessage", 2);
    let incident = stage.tracker.trigger("Payments are failing");
    stage.ring(incident);
    stage.until_shown(incident).await;
    let message = stage.message();
    assert!(message.text.contains("Payments are failing"), "{}", message.text);
    assert!(message.blocks.is_empty() && message.attachments.is_empty());
}
