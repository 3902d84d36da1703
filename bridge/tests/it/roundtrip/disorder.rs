//! What Slack tells twice, late, in another order, or without anybody having said anything.

use std::time::Duration;

use serde_json::json;
use tocsin_bridge::Bridge;
use tocsin_entity::kinds::InboxState;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{LINK, Scene};
use crate::outbound::stage::PATIENCE;
use crate::transport::{Transport, over_each_transport};

impl Scene {
    /// Waits until all that came has been worked and these are the comments that stand, in any order.
    async fn until_standing(&self, expected: &[&str]) {
        let standing = || {
            let mut bodies: Vec<_> = self.comments().into_iter().map(|(_, body)| body).collect();
            bodies.retain(|body| !body.is_empty());
            bodies.sort();
            bodies
        };
        let settled = async {
            loop {
                let rows = self.stage.world.inbox().await;
                let is_idle = rows.iter().all(|row| row.state != InboxState::Pending);
                if is_idle && standing() == expected {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, settled).await;
        assert!(in_time.is_ok(), "{:?} instead of {expected:?}", standing());
    }
}

over_each_transport!(
    what_is_told_twice_and_in_another_order_ends_as_it_is_in_slack,
    a_preview_under_a_reply_is_no_edit_of_it,
    what_was_said_while_the_sync_was_muted_is_no_comment_later_even_when_it_is_edited,
    a_refused_reply_is_refused_once_though_the_thread_is_read_again_after_a_start,
    replies_to_what_is_told_in_the_channel_are_caught_up_with_too,
    what_was_deleted_in_one_of_several_threads_is_retracted_after_a_start,
    what_was_said_while_the_sync_was_muted_is_not_caught_up_with,
    what_was_deleted_while_the_bridge_was_away_is_retracted_and_what_is_there_stays,
    who_was_deactivated_since_is_not_told_that_what_is_on_the_timeline_was_refused,
);

async fn what_is_told_twice_and_in_another_order_ends_as_it_is_in_slack(transport: Transport) {
    let scene = Scene::with(transport, |config| {
        config.duplicate_events = true;
        config.reorder = true;
    })
    .await;
    let alice = scene.slack().person("alice");
    let edited = alice.reply("incidents", &scene.root, "one").expect("a reply");
    alice.edit("incidents", &edited, "two").expect("an edit");
    alice.edit("incidents", &edited, "three").expect("an edit");
    let gone = alice.reply("incidents", &scene.root, "oops").expect("a reply");
    alice.delete("incidents", &gone).expect("a deletion");
    let shared = alice
        .reply_and_broadcast("incidents", &scene.root, "last")
        .expect("a reply");
    alice.edit("incidents", &shared, "the last").expect("an edit");
    scene.until_standing(&["the last", "three"]).await;
}

async fn a_preview_under_a_reply_is_no_edit_of_it(transport: Transport) {
    let scene = Scene::set(transport).await;
    let alice = scene.slack().person("alice");
    let ts = alice.reply("incidents", &scene.root, LINK).expect("a reply");
    scene.until_comments(1).await;
    let has_preview = |snapshot: &tocsin_simulator::Snapshot| {
        let message = snapshot
            .channel("incidents")
            .and_then(|channel| channel.message(&ts));
        message.is_some_and(|message| !message.attachments.is_empty())
    };
    scene.stage.until(has_preview).await;
    alice
        .reply("incidents", &scene.root, "see above")
        .expect("a reply");
    scene.until_comments(2).await;
    let entries = scene.stage.tracker.entries(scene.incident);
    assert!(
        entries.iter().all(|entry| entry["editedAt"].is_null()),
        "{entries:#?}"
    );
}

async fn what_was_said_while_the_sync_was_muted_is_no_comment_later_even_when_it_is_edited(
    transport: Transport,
) {
    let scene = Scene::set(transport).await;
    let tracker = &scene.stage.tracker;
    let alice = scene.slack().person("alice");
    tracker.mute(scene.incident, true);
    let ts = alice
        .reply("incidents", &scene.root, "between us")
        .expect("a reply");
    scene.until_told("incidents", "(SYNC_MUTED)").await;
    scene.until_standing(&[]).await;
    tracker.mute(scene.incident, false);
    alice.edit("incidents", &ts, "still between us").expect("an edit");
    alice.reply("incidents", &scene.root, "for all").expect("a reply");
    scene.until_standing(&["for all"]).await;
}

async fn a_refused_reply_is_refused_once_though_the_thread_is_read_again_after_a_start(transport: Transport) {
    let mut scene = Scene::set(transport).await;
    let bob = scene.slack().person("bob");
    bob.reply("incidents", &scene.root, "let me help")
        .expect("a reply");
    scene.until_told("incidents", "(READ_ONLY)").await;
    scene.until_standing(&[]).await;
    scene.goes_away().await;
    let alice = scene.slack().person("alice");
    alice
        .reply("incidents", &scene.root, "while you were away")
        .expect("a reply");
    let _stop = another_start(&scene).await;
    scene.until_standing(&["while you were away"]).await;
    let told = scene.slack().channel("incidents").expect("a channel").ephemeral;
    assert_eq!(told.len(), 1, "{told:#?}");
}

async fn replies_to_what_is_told_in_the_channel_are_caught_up_with_too(transport: Transport) {
    let mut scene = Scene::set(transport).await;
    let tracker = &scene.stage.tracker;
    tracker.tell(scene.incident, "CHANNEL");
    tracker.comment(scene.incident, "for all to see");
    scene.stage.ring(scene.incident);
    scene.stage.until_shown(scene.incident).await;
    let messages = scene.stage.messages("incidents");
    let apart = messages
        .iter()
        .find(|message| message.words().contains("for all to see"))
        .expect("a message of its own");
    scene.goes_away().await;
    let alice = scene.slack().person("alice");
    alice
        .reply("incidents", &apart.ts, "while you were away")
        .expect("a reply");
    let _stop = another_start(&scene).await;
    scene
        .until_standing(&["for all to see", "while you were away"])
        .await;
}

async fn what_was_deleted_in_one_of_several_threads_is_retracted_after_a_start(transport: Transport) {
    let scene = Scene::set(transport).await;
    let tracker = &scene.stage.tracker;
    tracker.tell(scene.incident, "CHANNEL");
    tracker.comment(scene.incident, "for all to see");
    scene.stage.ring(scene.incident);
    scene.stage.until_shown(scene.incident).await;
    let messages = scene.stage.messages("incidents");
    let apart = messages
        .iter()
        .find(|message| message.words().contains("for all to see"))
        .expect("a message of its own");
    let alice = scene.slack().person("alice");
    alice
        .reply("incidents", &apart.ts, "still there")
        .expect("a reply");
    scene.until_standing(&["for all to see", "still there"]).await;
    let root = scene.stage.root(scene.incident).await;
    let reference = format!("slack:{}/{}/1483037604.017506", root.team_id, root.channel_id);
    let entry =
        json!({"bodyMarkdown": "gone", "externalRef": reference, "createdAt": "2026-11-20T10:00:00Z"});
    tracker.change(scene.incident, "COMMENT", json!({}), entry);
    let _stop = another_start(&scene).await;
    scene.until_standing(&["for all to see", "still there"]).await;
}

async fn what_was_said_while_the_sync_was_muted_is_not_caught_up_with(transport: Transport) {
    let mut scene = Scene::set(transport).await;
    scene.goes_away().await;
    let tracker = &scene.stage.tracker;
    let alice = scene.slack().person("alice");
    tracker.mute(scene.incident, true);
    alice
        .reply("incidents", &scene.root, "between us")
        .expect("a reply");
    tracker.mute(scene.incident, false);
    alice.reply("incidents", &scene.root, "for all").expect("a reply");
    let _stop = another_start(&scene).await;
    scene.until_standing(&["for all"]).await;
}

async fn what_was_deleted_while_the_bridge_was_away_is_retracted_and_what_is_there_stays(
    transport: Transport,
) {
    let scene = Scene::set(transport).await;
    let alice = scene.slack().person("alice");
    alice
        .reply("incidents", &scene.root, "still there")
        .expect("a reply");
    scene.until_standing(&["still there"]).await;
    // A comment of some time ago, whose message is no longer in the thread.
    let root = scene.stage.root(scene.incident).await;
    let reference = format!("slack:{}/{}/1483037604.017506", root.team_id, root.channel_id);
    let entry =
        json!({"bodyMarkdown": "gone", "externalRef": reference, "createdAt": "2026-11-20T10:00:00Z"});
    let tracker = &scene.stage.tracker;
    tracker.change(scene.incident, "COMMENT", json!({}), entry);
    let _stop = another_start(&scene).await;
    scene.until_standing(&["still there"]).await;
}

async fn who_was_deactivated_since_is_not_told_that_what_is_on_the_timeline_was_refused(
    transport: Transport,
) {
    let mut scene = Scene::set(transport).await;
    let alice = scene.slack().person("alice");
    alice.reply("incidents", &scene.root, "one").expect("a reply");
    scene.until_standing(&["one"]).await;
    alice.reply("incidents", &scene.root, "two").expect("a reply");
    scene.until_standing(&["one", "two"]).await;
    scene.stage.tracker.deactivate("alice@example.com");
    scene.goes_away().await;
    let bob = scene.slack().person("bob");
    bob.reply("incidents", &scene.root, "let me help")
        .expect("a reply");
    let _stop = another_start(&scene).await;
    // The thread has been read when what only it tells is known.
    scene.until_told("incidents", "(READ_ONLY)").await;
    scene.until_standing(&["one", "two"]).await;
    let told = scene.slack().channel("incidents").expect("a channel").ephemeral;
    assert_eq!(told.len(), 1, "{told:#?}");
}

/// Starts the bridge a second time, as after an outage.
pub(super) async fn another_start(scene: &Scene) -> DropGuard {
    let world = &scene.stage.world;
    let bridge = Bridge::new(world.config.clone(), world.database.clone(), world.queue.clone())
        .await
        .expect("a bridge");
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move { bridge.run(stopped).await });
    stop.drop_guard()
}
