//! Connectors are looked at when they are made, before anything is posted through them.

use serde_json::{Value, json};
use tocsin_entity::kinds::ConnectorStatus;
use tocsin_queue::jobs::CheckConnector;

use super::stage::Stage;

/// What the API does when a connector was made or changed.
fn ring(stage: &Stage, id: &Value) {
    let connector_id = id.as_str().expect("an id").to_owned();
    stage.world.queue.enqueue(&CheckConnector { connector_id });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_connector_is_active_or_failing_before_anything_is_posted_through_it() {
    let stage = Stage::set().await;
    let posts = stage.calls("chat.postMessage");
    let there = stage.tracker.connector_with("there", "#incidents", json!({}));
    let nowhere = stage.tracker.connector_with("nowhere", "#nowhere", json!({}));
    ring(&stage, &there);
    ring(&stage, &nowhere);
    let found = stage.until_connector(&there, ConnectorStatus::Active).await;
    assert_eq!(found.last_delivered_at, None);
    let found = stage.until_connector(&nowhere, ConnectorStatus::Failing).await;
    assert_eq!(found.reason_code.as_deref(), Some("channel_not_found"));
    let reason = found.reason.expect("a reason");
    assert!(
        reason.contains("#nowhere") && reason.contains("create it"),
        "{reason}"
    );
    assert_eq!(
        stage.calls("chat.postMessage"),
        posts,
        "nothing is posted for that"
    );

    stage.tracker.redirect(&nowhere, "#incidents");
    ring(&stage, &nowhere);
    stage.until_connector(&nowhere, ConnectorStatus::Active).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_of_which_nobody_rang_is_looked_at_by_a_bridge_that_starts() {
    let mut stage = Stage::set().await;
    stage.stop().await;
    let private = stage.tracker.connector_with("private", "#hidden", json!({}));
    stage.start();
    let found = stage.until_connector(&private, ConnectorStatus::Failing).await;
    let reason = found.reason.expect("a reason");
    assert!(reason.contains("/invite"), "{reason}");
}
