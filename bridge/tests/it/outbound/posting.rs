//! An incident's message, its thread, and what must hold of both.

use serde_json::json;
use tocsin_entity::kinds::PostState;
use tocsin_simulator::{Fault, FaultKind};

use super::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_one_message_with_its_changes_in_its_thread() {
    let stage = Stage::set().await;
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    stage.until_shown(id).await;
    let message = stage.message();
    assert!(
        message.words().contains("#1 Payments are failing"),
        "{}",
        message.words()
    );
    let buttons: Vec<_> = message
        .buttons()
        .into_iter()
        .map(|button| button.action_id)
        .collect();
    assert_eq!(buttons, ["acknowledge", "resolve", "view"]);

    stage.tracker.acknowledge(id);
    stage.tracker.comment(id, "On it, <!channel>");
    stage.tracker.resolve(id, "Rolled **back**.");
    stage.ring(id);
    stage.until_shown(id).await;
    let message = stage.message();
    assert!(message.words().contains("Resolved by"), "{}", message.words());
    let replies: Vec<_> = message
        .replies
        .iter()
        .map(|reply| (reply.username.clone(), reply.words()))
        .collect();
    assert_eq!(replies.len(), 3, "{replies:#?}");
    assert!(replies[0].1.contains("acknowledged the incident"));
    assert_eq!(replies[1].0.as_deref(), Some("Alice Archer"));
    let face = message.replies[1].icon.as_deref();
    assert!(
        face.is_some_and(|face| face.contains("U00000ALICE_192")),
        "{face:?}"
    );
    assert!(replies[1].1.contains("On it, &lt;!channel&gt;"), "{replies:#?}");
    assert!(replies[2].1.contains("Rolled *back*."), "{replies:#?}");
    assert_eq!(stage.calls("chat.update"), 1, "three changes are one update");
    assert_eq!(stage.root(id).await.state, PostState::Updated);
}

#[tokio::test(flavor = "multi_thread")]
async fn doubled_and_late_jobs_change_nothing() {
    let stage = Stage::set().await;
    let id = stage.tracker.trigger("Payments are failing");
    stage.tracker.acknowledge(id);
    for _ in 0..5 {
        stage.ring(id);
        stage.until_shown(id).await;
    }
    assert_eq!(stage.message().replies.len(), 1);
    assert_eq!(
        (stage.calls("chat.postMessage"), stage.calls("chat.update")),
        (2, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_whose_job_was_lost_is_found_in_the_event_log() {
    let stage = Stage::set().await;
    let id = stage.tracker.trigger("Payments are failing");
    stage.until_shown(id).await;
    assert_eq!(stage.message().replies.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_whose_answer_was_lost_is_looked_up_and_not_made_again() {
    let stage = Stage::set().await;
    stage.slack.add_fault(Fault::lost_answer("chat.postMessage"));
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    stage.until_shown(id).await;
    assert_eq!(stage.messages("incidents").len(), 1);
    let root = stage.root(id).await;
    assert_eq!(root.ts.as_deref(), Some(stage.message().ts.as_str()));
    // Beside the bridge's own reading of the channels after its start.
    assert!(stage.calls("conversations.history") >= 1);

    stage.slack.add_fault(Fault::lost_answer("chat.postMessage"));
    stage.tracker.comment(id, "Still failing");
    stage.ring(id);
    stage.until_shown(id).await;
    assert_eq!(stage.message().replies.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_slack_never_had_is_made_again() {
    let stage = Stage::set().await;
    stage
        .slack
        .add_fault(Fault::on("chat.postMessage", FaultKind::Drop));
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    stage.until_shown(id).await;
    assert_eq!(stage.messages("incidents").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_made_in_the_thread_is_not_posted_back_there_but_in_other_channels() {
    let stage = Stage::set().await;
    stage.tracker.connector("second", "#second");
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    stage.until_shown(id).await;
    let root = stage
        .posts(id)
        .await
        .into_iter()
        .find(|post| post.channel_name == "#incidents")
        .expect("a root");
    let from = format!("slack:{}/{}/1.000001", root.team_id, root.channel_id);
    stage.tracker.change(
        id,
        "COMMENT",
        json!({}),
        json!({"bodyMarkdown": "Looking", "externalRef": from, "source": "SLACK"}),
    );
    stage.ring(id);
    stage.until_shown(id).await;
    assert_eq!(stage.messages("incidents")[0].replies.len(), 0);
    assert_eq!(stage.messages("second")[0].replies.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_a_newer_api_is_shown_by_its_name() {
    let stage = Stage::set().await;
    let id = stage.tracker.trigger("Payments are failing");
    stage.tracker.change(
        id,
        "MERGED",
        json!({"status": "MERGED_AWAY", "urgency": "EXTREME"}),
        json!({"changes": ["into #7"]}),
    );
    stage.ring(id);
    stage.until_shown(id).await;
    let message = stage.message();
    assert!(message.words().contains("MERGED_AWAY"), "{}", message.words());
    assert!(
        message.replies[0].words().contains("into #7"),
        "{}",
        message.replies[0].words()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_that_stops_and_starts_goes_on_where_it_was() {
    let mut stage = Stage::set().await;
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    stage.until_shown(id).await;
    stage.stop().await;
    stage.tracker.acknowledge(id);
    stage.start();
    stage.until_shown(id).await;
    assert!(stage.message().words().contains("Acknowledged by"));
    assert_eq!(stage.message().replies.len(), 1);
}
