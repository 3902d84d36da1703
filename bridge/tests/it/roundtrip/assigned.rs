//! Who is assigned an incident is told by a direct message, with its buttons.

use serde_json::json;
use tocsin_simulator::{Fault, FaultKind, MessageSnapshot};

use super::Scene;
use crate::transport::{Transport, over_each_transport};

over_each_transport!(
    who_is_assigned_gets_a_message_with_buttons_that_is_kept_true,
    who_has_unlinked_themselves_is_told_nothing,
    who_assigns_themselves_is_told_nothing,
);

impl Scene {
    /// Somebody assigns the incident to these people.
    fn assign(&self, by: &str, to: &[&str]) {
        let names: Vec<_> = to.iter().map(|name| json!({ "name": name })).collect();
        let email = format!(
            "{}@example.com",
            by.split(' ').next().unwrap_or_default().to_lowercase()
        );
        let entry = json!({"author": {"name": by, "email": email}});
        self.stage
            .tracker
            .change(self.incident, "REASSIGNED", json!({ "assignees": names }), entry);
        self.stage.ring(self.incident);
    }

    /// What the bot has written to Alice.
    fn direct(&self) -> Vec<MessageSnapshot> {
        let channel = self.slack().channel("@alice");
        channel.map_or_else(Vec::new, |channel| channel.messages)
    }

    async fn until_direct(&self, words: &str) {
        let so = |snapshot: &tocsin_simulator::Snapshot| {
            let messages = snapshot
                .channel("@alice")
                .map_or(&[][..], |channel| &channel.messages);
            messages
                .last()
                .is_some_and(|message| message.words().contains(words))
        };
        self.stage.until(so).await;
    }
}

async fn who_is_assigned_gets_a_message_with_buttons_that_is_kept_true(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene.assign("Carol Chen", &["Alice Archer"]);
    scene.until_direct("This incident is assigned to you").await;
    let message = scene.direct().remove(0);
    assert!(
        message.words().contains("#1 Payments are failing"),
        "{message:#?}"
    );
    let pressed = scene
        .slack()
        .person("alice")
        .click("@alice", &message.ts, "Acknowledge")
        .await;
    assert!(pressed.expect("a press").is_ok());
    scene.until_direct("Acknowledged").await;
    let entries = scene.stage.tracker.entries(scene.incident);
    let last = entries.last().expect("an entry");
    assert_eq!(
        (&last["kind"], &last["author"]["name"]),
        (&json!("ACKNOWLEDGED"), &json!("Alice Archer"))
    );

    // Carol, who is no member here, gets it too; Alice's message goes on, and is no second one.
    scene.assign("Carol Chen", &["Alice Archer", "Carol Chen"]);
    scene.stage.until_shown(scene.incident).await;
    scene.assign("Carol Chen", &["Carol Chen"]);
    scene
        .until_direct("This incident is no longer assigned to you")
        .await;
    assert_eq!(scene.direct().len(), 1);
    scene.assign("Carol Chen", &["Alice Archer"]);
    scene.until_direct("This incident is assigned to you").await;
    scene.stage.until_shown(scene.incident).await;
    assert_eq!(scene.direct().len(), 2, "who is assigned again is told again");
}

async fn who_has_unlinked_themselves_is_told_nothing(transport: Transport) {
    let scene = Scene::set(transport).await;
    let typed = scene
        .slack()
        .person("alice")
        .command("general", "/störung", "unlink")
        .await;
    assert!(typed.expect("a command").is_ok());
    scene.until_told("general", "no longer").await;
    scene.assign("Carol Chen", &["Alice Archer"]);
    scene.stage.until_shown(scene.incident).await;
    assert_eq!(scene.direct().len(), 0);
}

async fn who_assigns_themselves_is_told_nothing(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene.assign("Alice Archer", &["Alice Archer"]);
    scene.stage.until_shown(scene.incident).await;
    assert_eq!(scene.direct().len(), 0);
    scene.assign("Carol Chen", &[]);
    scene.assign("Carol Chen", &["Alice Archer"]);
    scene.stage.tracker.resolve(scene.incident, "Rolled back.");
    scene.stage.ring(scene.incident);
    scene.stage.until_shown(scene.incident).await;
    assert_eq!(scene.direct().len(), 0, "what is over is nobody's any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_a_direct_message_back_keeps_back_nothing_else() {
    let scene = Scene::set(Transport::Http).await;
    scene.slack().add_fault(Fault {
        times: None,
        ..Fault::on("conversations.open", FaultKind::Drop)
    });
    scene.assign("Carol Chen", &["Alice Archer"]);
    let is_shown = |snapshot: &tocsin_simulator::Snapshot| {
        let channel = snapshot.channel("incidents").expect("a channel");
        let root = channel.messages.iter().find(|message| message.ts == scene.root);
        root.is_some_and(|root| root.words().contains("Assigned to") && root.replies.len() == 1)
    };
    scene.stage.until(is_shown).await;
    assert_eq!(scene.direct().len(), 0);
    scene.slack().clear_faults();
    scene.until_direct("This incident is assigned to you").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_of_the_version_before_holds_back_direct_messages_alone() {
    let scene = Scene::set(Transport::Http).await;
    scene.stage.tracker.set_older(true);
    scene.assign("Carol Chen", &["Alice Archer"]);
    scene
        .stage
        .until(|snapshot| {
            let channel = snapshot.channel("incidents").expect("a channel");
            channel
                .messages
                .iter()
                .any(|message| message.words().contains("Assigned to"))
        })
        .await;
    scene.stage.tracker.set_older(false);
    scene.until_direct("This incident is assigned to you").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_could_not_be_reached_at_first_is_told_once() {
    let scene = Scene::set(Transport::Http).await;
    for fault in [
        Fault::on("conversations.open", FaultKind::Drop),
        Fault::on("conversations.open", FaultKind::Drop),
        Fault::lost_answer("conversations.open"),
    ] {
        scene.slack().add_fault(fault);
    }
    scene.assign("Carol Chen", &["Alice Archer"]);
    for _ in 0..3 {
        scene.stage.ring(scene.incident);
    }
    scene.until_direct("This incident is assigned to you").await;
    scene.stage.until_shown(scene.incident).await;
    assert_eq!(scene.direct().len(), 1);
}
