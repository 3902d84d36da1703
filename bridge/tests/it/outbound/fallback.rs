//! A channel that takes nothing: incidents go through the connector's fallback, and through it alone.

use serde_json::json;
use tocsin_bridge::Pace;
use tocsin_entity::kinds::{ConnectorStatus, PostState};
use tocsin_simulator::{CallLimits, Fault, FaultKind};

use super::{crashes::Process, stage::Stage};

/// A connector to #second whose fallback leads to #incidents, and gives its id.
fn with_fallback(stage: &Stage) -> serde_json::Value {
    stage.tracker.disconnect();
    let fallback = stage.tracker.connector_with("fallback", "#incidents", json!({}));
    stage.tracker.lead_not_to(&fallback);
    let fields = json!({"fallback": {"id": fallback}});
    stage.tracker.connector_with("second", "#second", fields)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archived_channel_is_stood_in_for_and_the_connector_says_why() {
    let stage = Stage::set().await;
    let id = with_fallback(&stage);
    let alice = stage.slack.person("alice");
    alice.archive("second", true).expect("archived");
    let incident = stage.tracker.trigger("Payments are failing");
    stage.ring(incident);
    stage.until_shown(incident).await;
    assert_eq!(stage.messages("incidents").len(), 1);
    let found = stage.until_connector(&id, ConnectorStatus::Failing).await;
    assert_eq!(found.reason_code.as_deref(), Some("is_archived"));
    let reason = found.reason.expect("a reason");
    assert!(
        reason.contains("unarchive it") && reason.contains("#incidents"),
        "{reason}"
    );

    // Repaired, the channel gets what comes; what is shown elsewhere stays there.
    alice.archive("second", false).expect("unarchived");
    stage.tracker.acknowledge(incident);
    stage.ring(incident);
    stage.until_shown(incident).await;
    assert_eq!(stage.messages("second").len(), 0);
    assert_eq!(stage.messages("incidents").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_to_a_channel_that_is_another_organisation_s() {
    let stage = Stage::set().await;
    stage.tracker.disconnect();
    let fallback = stage.tracker.connector_with("fallback", "#incidents", json!({}));
    stage.tracker.lead_not_to(&fallback);
    let fields = json!({"fallback": {"id": fallback}, "isChannelTaken": true});
    let id = stage.tracker.connector_with("second", "#second", fields);
    let incident = stage.tracker.trigger("Payments are failing");
    stage.ring(incident);
    stage.until_shown(incident).await;
    assert_eq!(
        (stage.messages("second").len(), stage.messages("incidents").len()),
        (0, 1)
    );
    let found = stage.until_connector(&id, ConnectorStatus::Failing).await;
    assert_eq!(found.reason_code.as_deref(), Some("channel_taken"));
    let reason = found.reason.expect("a reason");
    assert!(
        reason.contains("a channel of its own") && reason.contains("through the connector fallback"),
        "{reason}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_refuses_posts_is_stood_in_for() {
    is_stood_in_for("restricted_action").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_in_which_only_some_may_post_is_stood_in_for() {
    is_stood_in_for("restricted_action_read_only_channel").await;
}

async fn is_stood_in_for(refusal: &str) {
    let stage = Stage::set().await;
    let id = with_fallback(&stage);
    let error = refusal.to_owned();
    let second = stage.slack.channel("second").expect("#second");
    // For good: a workspace that is found to be well has its connectors tried again.
    let refused = Fault {
        channel: Some(second.id),
        ..Fault::on("chat.postMessage", FaultKind::Error { error }).times(None)
    };
    stage.slack.add_fault(refused);
    let incident = stage.tracker.trigger("Payments are failing");
    stage.ring(incident);
    stage.until_shown(incident).await;
    assert_eq!(stage.messages("second").len(), 0);
    assert_eq!(stage.messages("incidents").len(), 1);
    let posts = stage.posts(incident).await;
    let given_up = posts
        .iter()
        .find(|post| post.channel_name == "#second")
        .expect("a record");
    assert_eq!(given_up.state, PostState::Failed);
    let found = stage.until_connector(&id, ConnectorStatus::Failing).await;
    assert_eq!(found.reason_code.as_deref(), Some(refusal));
    let reason = found.reason.expect("a reason");
    assert!(reason.contains("allow it in the channel's settings"), "{reason}");
    // Where incidents go meanwhile is said as it is of a channel that can't be found.
    let told = |row: &tocsin_entity::slack::connector::Model| {
        let told = row.reason.as_deref().unwrap_or_default();
        told.matches("Meanwhile incidents go through the connector fallback to #incidents")
            .count()
            == 1
    };
    let id = id.as_str().expect("an id").parse().expect("an id");
    stage.until_connector_is(id, told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_while_the_channel_is_looked_for_is_reported_and_stood_in_for() {
    let stage = Stage::set().await;
    stage.tracker.disconnect();
    // An id needs no list.
    let there = stage.slack.channel("incidents").expect("#incidents");
    let fallback = stage.tracker.connector_with("fallback", &there.id, json!({}));
    stage.tracker.lead_not_to(&fallback);
    let fields = json!({"fallback": {"id": fallback}});
    let id = stage.tracker.connector_with("unknown", "#unknown", fields);
    let error = "token_revoked".to_owned();
    let revoked = Fault::on("conversations.list", FaultKind::Error { error });
    stage.slack.add_fault(revoked.times(None));
    let incident = stage.tracker.trigger("Payments are failing");
    stage.ring(incident);
    stage.until_shown(incident).await;
    assert_eq!(stage.messages("incidents").len(), 1);
    // Once at the start, and again because of what was refused.
    stage.until(|_| stage.calls("auth.test") > 1).await;
    let found = stage.until_connector(&id, ConnectorStatus::Failing).await;
    assert_eq!(found.reason_code.as_deref(), Some("workspace_unusable"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_that_is_locked_holds_up_its_own_replies_alone() {
    let stage = Stage::set().await;
    with_fallback(&stage);
    let locked = stage.tracker.trigger("Payments are failing");
    stage.ring(locked);
    stage.until_shown(locked).await;
    let error = "restricted_action_thread_locked".to_owned();
    stage
        .slack
        .add_fault(Fault::on("chat.postMessage", FaultKind::Error { error }));
    stage.tracker.comment(locked, "Looking");
    stage.ring(locked);
    let row = stage.until_row(locked, |row| row.attempts > 0).await;
    let said = row.last_error.unwrap_or_default();
    assert!(said.contains("the thread in #second is locked"), "{said}");

    let next = stage.tracker.trigger("Refunds are failing");
    stage.ring(next);
    stage.until_shown(next).await;
    assert_eq!(stage.root(next).await.attempts, 1);
    stage.until_shown(locked).await;
    assert_eq!(
        (stage.messages("second").len(), stage.messages("incidents").len()),
        (2, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_whose_fallback_has_to_wait_is_not_lost_by_a_restart() {
    let mut stage = Stage::set().await;
    with_fallback(&stage);
    let error = "restricted_action".to_owned();
    let refused = Fault::on("chat.postMessage", FaultKind::Error { error });
    let later = Fault::on("chat.postMessage", FaultKind::RateLimited { retry_after: 4 });
    let channel = |name: &str| stage.slack.channel(name).map(|channel| channel.id);
    let (refused, later) = (
        Fault {
            channel: channel("second"),
            ..refused
        },
        Fault {
            channel: channel("incidents"),
            ..later
        },
    );
    stage.slack.add_fault(refused);
    stage.slack.add_fault(later);
    let incident = stage.tracker.trigger("Payments are failing");
    stage.ring(incident);
    // The channel refuses it, and then the fallback's takes it later.
    stage.until_row(incident, |row| row.attempts == 2).await;
    stage.stop().await;
    // Nothing says here that the channel takes nothing.
    let next = Process::start(&stage).await;
    stage.until_shown(incident).await;
    assert_eq!(
        (stage.messages("second").len(), stage.messages("incidents").len()),
        (0, 1)
    );
    next.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_whose_channel_is_archived_goes_on_in_the_fallback() {
    let stage = Stage::with(CallLimits::none(), Pace::Unlimited, |_| {}).await;
    with_fallback(&stage);
    let incident = stage.tracker.trigger("Payments are failing");
    stage.ring(incident);
    stage.until_shown(incident).await;
    assert_eq!(
        (stage.messages("second").len(), stage.messages("incidents").len()),
        (1, 0)
    );
    stage
        .slack
        .person("alice")
        .archive("second", true)
        .expect("archived");
    stage.tracker.acknowledge(incident);
    stage.ring(incident);
    stage.until_messages("incidents", 1).await;
    assert_eq!(stage.messages("second").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_that_is_given_another_channel_is_well_whatever_becomes_of_the_old_one() {
    let stage = Stage::set().await;
    let id = with_fallback(&stage);
    let old = stage.tracker.trigger("Payments are failing");
    stage.ring(old);
    stage.until_shown(old).await;
    let alice = stage.slack.person("alice");
    alice.archive("second", true).expect("archived");
    stage.tracker.acknowledge(old);
    stage.ring(old);
    stage.until_messages("incidents", 1).await;
    stage.until_connector(&id, ConnectorStatus::Failing).await;

    // It is said at once, before anything goes there.
    stage.tracker.redirect(&id, "#general");
    let found = stage.until_connector(&id, ConnectorStatus::Active).await;
    assert_eq!((found.reason_code, found.reason), (None, None));
    let next = stage.tracker.trigger("Refunds are failing");
    stage.ring(next);
    stage.until_shown(next).await;
    assert_eq!(stage.messages("general").len(), 1);

    // What stands in the old channel fails there still, and that says nothing of the new one.
    let updates = stage.calls("chat.update");
    stage.tracker.resolve(old, "Repaired");
    stage.ring(old);
    stage.until(|_| stage.calls("chat.update") >= updates + 2).await;
    let last = stage.tracker.trigger("Payouts are failing");
    stage.ring(last);
    stage.until_shown(last).await;
    assert_eq!(
        (stage.messages("general").len(), stage.messages("incidents").len()),
        (2, 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_connectors_to_one_channel_make_one_message() {
    let stage = Stage::set().await;
    let channel = stage.slack.channel("incidents").expect("#incidents");
    stage.tracker.connector("by id", &channel.id);
    let incident = stage.tracker.trigger("Payments are failing");
    stage.ring(incident);
    stage.until_shown(incident).await;
    assert_eq!(stage.messages("incidents").len(), 1);
}
