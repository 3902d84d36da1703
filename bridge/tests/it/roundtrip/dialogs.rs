//! Dialogs as the workspace shows them, which takes nothing that Slack would not take.

use std::time::Duration;

use serde_json::{Value, json};
use tocsin_simulator::{Snapshot, ViewSnapshot};

use super::Scene;
use crate::outbound::stage::PATIENCE;
use crate::transport::{Transport, over_each_transport};

impl Scene {
    fn user(&self, name: &str) -> String {
        let people = self.slack().snapshot().people;
        let person = people.into_iter().find(|person| person.name == name);
        person.expect("a person").id
    }

    async fn click(&self, person: &str, action: &str) {
        let pressed = self
            .slack()
            .person(person)
            .click("incidents", &self.root, action)
            .await;
        assert!(pressed.expect("a button").is_ok());
    }

    /// What an interaction of hers says of where it was made.
    fn interaction(&self, kind: &str) -> Value {
        let channel = self.slack().channel("incidents").expect("a channel").id;
        json!({"type": kind, "team": {"id": self.stage.slack.id()}, "user": {"id": self.user("alice")}, "channel": {"id": channel},
            "container": {"type": "message_attachment", "message_ts": self.root, "channel_id": channel}})
    }

    /// Alice chooses something in the menu. What opens a dialog is had from a button that opens a page.
    async fn choose(&self, value: &str) {
        self.click("alice", "view").await;
        // Events may have been sent since: the message that the bridge has changed is one.
        let deliveries = self.slack().deliveries();
        let press = deliveries.iter().rfind(|one| one.what == "block_actions");
        let trigger = press.expect("a press").id.clone();
        let row = self.menu_row();
        let mut payload = self.interaction("block_actions");
        payload["trigger_id"] = json!(trigger);
        payload["actions"] = json!([{"type": "static_select", "action_id": "more", "block_id": row["block_id"],
            "action_ts": trigger, "selected_option": {"value": value}}]);
        let answer = self.stage.world.interact(&payload).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, ""));
    }

    fn menu_row(&self) -> Value {
        let message = self.stage.message();
        let blocks = message.attachments[0]["blocks"]
            .as_array()
            .cloned()
            .expect("blocks");
        let row = blocks.into_iter().find(|block| block["type"] == "actions");
        row.expect("a row of buttons")
    }

    fn labels(&self) -> Vec<String> {
        let row = self.menu_row();
        let elements = row["elements"].as_array().expect("elements");
        let label = |element: &Value| element["text"]["text"].as_str().map(str::to_owned);
        elements.iter().filter_map(label).collect()
    }

    /// The dialog that was opened last, once it is filled.
    async fn dialog(&self, callback_id: &str) -> ViewSnapshot {
        let wanted =
            |view: &&ViewSnapshot| view.kind == "modal" && view.content["callback_id"] == callback_id;
        let find = |snapshot: &Snapshot| snapshot.views.iter().rfind(wanted).cloned();
        self.stage.until(|snapshot| find(snapshot).is_some()).await;
        find(&self.slack().snapshot()).expect("a dialog")
    }

    /// Waits until the incident has come so far, and rings for it as the API does.
    async fn until_version(&self, version: i64) {
        let changed = async {
            while self.stage.tracker.version(self.incident) < version {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, changed).await.expect("a change");
        self.stage.ring(self.incident);
        self.stage.until_shown(self.incident).await;
    }

    async fn submit(&self, view: &ViewSnapshot, values: Value) {
        let mut payload = self.interaction("view_submission");
        payload["view"] = view.content.clone();
        payload["view"]["id"] = json!(view.id);
        payload["view"]["state"] = json!({"values": values});
        let answer = self.stage.world.interact(&payload).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, ""));
    }
}

over_each_transport!(
    every_dialog_is_one_that_slack_takes,
    an_incident_is_worked_from_its_message_from_beginning_to_end,
    a_menu_that_was_used_no_longer_shows_what_was_chosen,
    who_it_is_given_to_and_how_urgent_it_is_are_to_be_seen_at_once,
);

async fn every_dialog_is_one_that_slack_takes(transport: Transport) {
    let scene = Scene::set(transport).await;
    for (value, callback_id) in [
        ("note", "note"),
        ("reassign", "reassign"),
        ("snooze:custom", "snooze"),
        ("urgency_severity", "urgency_severity"),
        ("view", "details"),
    ] {
        scene.choose(value).await;
        scene.dialog(callback_id).await;
    }
    scene.click("bob", "resolve").await;
    let refused = scene.dialog("refused").await;
    assert!(refused.content.to_string().contains("(READ_ONLY)"), "{refused:?}");
    for call in scene
        .slack()
        .calls()
        .iter()
        .filter(|call| call.method.starts_with("views."))
    {
        assert_eq!((&call.error, call.notes.len()), (&None, 0), "{call:?}");
    }
}

async fn an_incident_is_worked_from_its_message_from_beginning_to_end(transport: Transport) {
    let scene = Scene::set(transport).await;
    assert_eq!(scene.labels(), ["Acknowledge", "Resolve", "View"]);
    scene.click("alice", "acknowledge").await;
    scene.until_version(2).await;
    assert_eq!(scene.labels(), ["Resolve", "View"]);
    scene.click("alice", "resolve").await;
    let view = scene.dialog("resolve").await;
    let note = json!({"note": {"note": {"type": "plain_text_input", "value": "Rolled back."}}});
    scene.submit(&view, note).await;
    scene.until_version(3).await;
    assert_eq!(scene.labels(), ["Reopen", "View"]);
    let message = scene.stage.message();
    assert!(
        message.words().contains("Resolved by Alice Archer"),
        "{}",
        message.words()
    );
    let replies: Vec<_> = message
        .replies
        .iter()
        .map(tocsin_simulator::MessageSnapshot::words)
        .collect();
    assert!(
        replies.iter().any(|reply| reply.contains("Rolled back.")),
        "{replies:?}"
    );
    scene.click("alice", "reopen").await;
    scene.until_version(4).await;
    assert_eq!(scene.labels(), ["Acknowledge", "Resolve", "View"]);
}

async fn a_menu_that_was_used_no_longer_shows_what_was_chosen(transport: Transport) {
    let scene = Scene::set(transport).await;
    let before = scene.menu_row()["block_id"].clone();
    scene.choose("note").await;
    scene
        .stage
        .until_row(scene.incident, |row| {
            row.menu_uses == 1 && row.shown_version == row.wanted_version
        })
        .await;
    let after = scene.menu_row()["block_id"].clone();
    assert_ne!(before, after);
    scene.choose("snooze:1h").await;
    scene
        .stage
        .until_row(scene.incident, |row| row.menu_uses == 2 && row.shown_version >= 2)
        .await;
    assert!(scene.stage.message().words().contains("Snoozed by Alice Archer"));
}

async fn who_it_is_given_to_and_how_urgent_it_is_are_to_be_seen_at_once(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene.choose("urgency_severity").await;
    let view = scene.dialog("urgency_severity").await;
    let values = json!({"urgency": {"urgency": {"selected_option": {"value": "LOW"}}},
        "severity": {"severity": {"selected_option": {"value": "SEV4"}}}});
    scene.submit(&view, values).await;
    scene.until_version(2).await;
    let words = scene.stage.message().words();
    assert!(words.contains("Low") && words.contains("SEV4"), "{words}");
    scene.choose("reassign").await;
    let view = scene.dialog("reassign").await;
    let mut asked = scene.interaction("block_suggestion");
    asked["view"] = view.content.clone();
    asked["action_id"] = json!("assignees");
    asked["value"] = json!("archer");
    let body = serde_urlencoded::to_string([("payload", asked.to_string())]).expect("a form");
    let options = scene.stage.world.post("/slack/options", body).await.json();
    assert_eq!(options["options"].as_array().map(Vec::len), Some(1), "{options}");
    let values = json!({"assignees": {"assignees": {"selected_options": options["options"]}}});
    scene.submit(&view, values).await;
    scene.until_version(3).await;
    let words = scene.stage.message().words();
    assert!(
        words.contains("Assigned to") && words.contains("Alice Archer"),
        "{words}"
    );
}
