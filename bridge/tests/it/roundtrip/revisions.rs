//! Comments that are edited and retracted on either side, a sync that is muted, and changes that are told in the channel.

use std::time::Duration;

use tocsin_bridge::Bridge;
use tocsin_simulator::MessageSnapshot;
use tokio_util::sync::CancellationToken;

use super::Scene;
use crate::outbound::stage::PATIENCE;
use crate::transport::{Transport, over_each_transport};

impl Scene {
    async fn now_shown(&self) {
        self.stage.ring(self.incident);
        self.stage.until_shown(self.incident).await;
    }

    /// What the app says in the thread.
    fn thread_told(&self) -> Vec<MessageSnapshot> {
        let message = self.stage.messages("incidents").remove(0);
        message
            .replies
            .into_iter()
            .filter(|reply| reply.is_from_app)
            .collect()
    }

    /// Waits until these are the comments, whoever made them.
    async fn until_bodies(&self, expected: &[&str]) {
        let bodies = || -> Vec<String> {
            let entries = self.stage.tracker.entries(self.incident);
            let comments = entries.iter().filter(|entry| entry["kind"] == "COMMENT");
            comments
                .map(|entry| entry["bodyMarkdown"].as_str().unwrap_or("(retracted)").to_owned())
                .collect()
        };
        let waiting = async {
            while bodies() != expected {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(waited.is_ok(), "{:?} instead of {expected:?}", bodies());
    }
}

over_each_transport!(
    a_comment_that_is_edited_or_retracted_through_the_api_changes_in_its_thread,
    what_is_retracted_before_it_is_told_is_not_told,
    an_edit_and_a_deletion_in_slack_follow_on_the_timeline_however_often_they_come,
    a_note_that_the_bot_was_asked_for_follows_its_message,
    a_message_that_somebody_deletes_comes_back_at_once,
    events_that_change_places_leave_what_slack_shows,
    while_the_sync_is_muted_each_side_keeps_to_itself,
    changes_may_be_told_in_the_channel_and_what_is_there_stays_when_that_changes,
    what_was_said_while_the_bridge_was_away_is_caught_up_with,
);

async fn a_comment_that_is_edited_or_retracted_through_the_api_changes_in_its_thread(transport: Transport) {
    let scene = Scene::set(transport).await;
    let tracker = &scene.stage.tracker;
    tracker.comment(scene.incident, "Rolled bakc");
    scene.now_shown().await;
    let first = scene.thread_told().remove(0);
    tracker.edit_comment(scene.incident, "Rolled bakc", "Rolled back");
    scene.now_shown().await;
    let told = scene.thread_told();
    assert_eq!((told.len(), &told[0].ts), (1, &first.ts));
    assert!(
        told[0].words().contains("Rolled back") && told[0].words().contains("(edited)"),
        "{told:#?}"
    );
    tracker.retract_comment(scene.incident, "Rolled back");
    scene.now_shown().await;
    let told = scene.thread_told();
    assert!(told[0].words().contains("comment retracted"), "{told:#?}");
    assert!(!told[0].words().contains("Rolled"), "{told:#?}");
    assert!(!told[0].words().contains("(edited)"), "{told:#?}");
}

async fn what_is_retracted_before_it_is_told_is_not_told(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene
        .stage
        .tracker
        .comment(scene.incident, "The password is 1234");
    scene
        .stage
        .tracker
        .retract_comment(scene.incident, "The password is 1234");
    scene.stage.tracker.comment(scene.incident, "Never mind");
    scene.now_shown().await;
    let told = scene.thread_told();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].words().contains("Never mind"));
}

async fn an_edit_and_a_deletion_in_slack_follow_on_the_timeline_however_often_they_come(
    transport: Transport,
) {
    let scene = Scene::with(transport, |config| config.duplicate_events = true).await;
    let alice = scene.slack().person("alice");
    let one = alice
        .reply("incidents", &scene.root, "restarded")
        .expect("a reply");
    scene.until_bodies(&["restarded"]).await;
    let other = alice.reply("incidents", &scene.root, "oops").expect("a reply");
    scene.until_bodies(&["restarded", "oops"]).await;
    alice.edit("incidents", &one, "restarted").expect("an edit");
    alice.edit("incidents", &one, "restarted twice").expect("an edit");
    scene.until_bodies(&["restarted twice", "oops"]).await;
    alice.delete("incidents", &other).expect("a deletion");
    scene.until_bodies(&["restarted twice", "(retracted)"]).await;
    scene.now_shown().await;
    assert!(
        scene.thread_told().is_empty(),
        "no echo: {:#?}",
        scene.thread_told()
    );
}

async fn a_note_that_the_bot_was_asked_for_follows_its_message(transport: Transport) {
    let scene = Scene::with(transport, |config| config.duplicate_events = true).await;
    let alice = scene.slack().person("alice");
    let say = |text: &str| alice.reply("incidents", &scene.root, text).expect("a reply");
    let note = say("@tocsin note the *gatway* is slow");
    scene.until_bodies(&["the **gatway** is slow"]).await;
    let edit = |text: &str| alice.edit("incidents", &note, text).expect("an edit");
    edit("@tocsin note \"the *gateway* is slow\"");
    scene.until_bodies(&["the **gateway** is slow"]).await;
    edit("the gateway is back");
    scene.until_bodies(&["the gateway is back"]).await;
    // An edit asks for nothing: what follows tells that the bot has read it.
    edit("@tocsin ack");
    edit("@tocsin note: it is _really_ back");
    scene.until_bodies(&["it is _really_ back"]).await;
    let entries = scene.stage.tracker.entries(scene.incident);
    let is_acknowledged = entries.iter().any(|entry| entry["kind"] == "ACKNOWLEDGED");
    assert!(!is_acknowledged, "{entries:#?}");
    alice.delete("incidents", &note).expect("a deletion");
    scene.until_bodies(&["(retracted)"]).await;
}

async fn a_message_that_somebody_deletes_comes_back_at_once(transport: Transport) {
    let scene = Scene::with(transport, |config| config.duplicate_events = true).await;
    scene.stage.delete_as_administrator(&scene.root).await;
    let is_back = |snapshot: &tocsin_simulator::Snapshot| {
        let channel = snapshot.channel("incidents").expect("a channel");
        let mut messages = channel.messages.iter();
        messages.any(|message| !message.deleted && format!("{message:?}").contains("Posted again"))
    };
    scene.stage.until(is_back).await;
    // Of a resolved incident it is cleared away.
    scene.stage.tracker.resolve(scene.incident, "done");
    scene.now_shown().await;
    let again = scene.stage.message().ts;
    scene.stage.delete_as_administrator(&again).await;
    scene.until_worked("message", 2).await;
    assert_eq!(scene.stage.messages("incidents").len(), 0);
}

async fn events_that_change_places_leave_what_slack_shows(transport: Transport) {
    let scene = Scene::with(transport, |config| config.reorder = true).await;
    let alice = scene.slack().person("alice");
    let ts = alice.reply("incidents", &scene.root, "first").expect("a reply");
    alice.edit("incidents", &ts, "second").expect("an edit");
    scene.until_bodies(&["second"]).await;
    let gone = alice
        .reply("incidents", &scene.root, "never said")
        .expect("a reply");
    alice.delete("incidents", &gone).expect("a deletion");
    alice.reply("incidents", &scene.root, "last").expect("a reply");
    alice
        .reply("incidents", &scene.root, "and over")
        .expect("a reply");
    let waiting = async {
        loop {
            let said: Vec<_> = scene.comments().into_iter().map(|(_, body)| body).collect();
            if said.contains(&"last".to_owned()) && said.contains(&"and over".to_owned()) {
                return said;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let said = tokio::time::timeout(PATIENCE, waiting)
        .await
        .expect("the comments");
    assert!(!said.contains(&"never said".to_owned()), "{said:?}");
}

async fn while_the_sync_is_muted_each_side_keeps_to_itself(transport: Transport) {
    let scene = Scene::set(transport).await;
    let tracker = &scene.stage.tracker;
    tracker.mute(scene.incident, true);
    tracker.comment(scene.incident, "among us");
    tracker.acknowledge(scene.incident);
    scene.now_shown().await;
    let told = scene.thread_told();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].words().contains("muted the sync"), "{told:#?}");
    let root = scene.stage.message();
    assert!(
        root.words().contains("Acknowledged"),
        "the message follows the state: {root:#?}"
    );
    let alice = scene.slack().person("alice");
    alice
        .reply("incidents", &scene.root, "not for the timeline")
        .expect("a reply");
    scene.until_told("incidents", "SYNC_MUTED").await;
    alice
        .reply("incidents", &scene.root, "nor this")
        .expect("a reply");
    tracker.mute(scene.incident, false);
    scene.now_shown().await;
    tracker.comment(scene.incident, "for all");
    scene.now_shown().await;
    let words: Vec<_> = scene.thread_told().iter().map(MessageSnapshot::words).collect();
    assert_eq!(words.len(), 3, "{words:#?}");
    assert!(words[2].contains("for all"), "{words:#?}");
    let told = scene.slack().channel("incidents").expect("a channel").ephemeral;
    assert_eq!(told.len(), 1, "told once: {told:#?}");
}

async fn changes_may_be_told_in_the_channel_and_what_is_there_stays_when_that_changes(transport: Transport) {
    let scene = Scene::set(transport).await;
    let tracker = &scene.stage.tracker;
    tracker.comment(scene.incident, "in the thread");
    scene.now_shown().await;
    tracker.tell(scene.incident, "CHANNEL");
    tracker.comment(scene.incident, "in the channel");
    scene.now_shown().await;
    let apart = |count: usize| {
        let messages = scene.stage.messages("incidents");
        assert_eq!(messages.len(), count, "{messages:#?}");
        messages
    };
    let messages = apart(3);
    let told = &messages[2];
    assert!(
        told.words().contains("in the channel") && told.words().contains("#1"),
        "{told:#?}"
    );
    assert_eq!(scene.thread_told().len(), 1);
    scene
        .slack()
        .person("alice")
        .reply("incidents", &told.ts, "answered there")
        .expect("a reply");
    scene
        .until_bodies(&["in the thread", "in the channel", "answered there"])
        .await;
    tracker.tell(scene.incident, "THREAD");
    tracker.edit_comment(scene.incident, "in the channel", "in the channel, still");
    tracker.comment(scene.incident, "in the thread again");
    scene.now_shown().await;
    let messages = apart(3);
    assert!(
        messages[2].words().contains("in the channel, still"),
        "{messages:#?}"
    );
    let last = scene.thread_told().pop().expect("a reply");
    assert!(last.words().contains("in the thread again"), "{last:#?}");
}

async fn what_was_said_while_the_bridge_was_away_is_caught_up_with(transport: Transport) {
    let mut scene = Scene::set(transport).await;
    let alice = scene.slack().person("alice");
    let kept = alice.reply("incidents", &scene.root, "heard").expect("a reply");
    scene.until_bodies(&["heard"]).await;
    // Slack gives up what nobody takes.
    scene.goes_away().await;
    alice
        .reply("incidents", &scene.root, "while you were away")
        .expect("a reply");
    alice
        .edit("incidents", &kept, "heard, and changed")
        .expect("an edit");
    let world = &scene.stage.world;
    let bridge = Bridge::new(world.config.clone(), world.database.clone(), world.queue.clone())
        .await
        .expect("a bridge");
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move { bridge.run(stopped).await });
    let _stop = stop.drop_guard();
    scene
        .until_bodies(&["heard, and changed", "while you were away"])
        .await;
}
