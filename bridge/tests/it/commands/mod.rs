//! The slash command, shortcuts and mentions, as people in a simulated workspace use them.

mod acting;
mod creating;
mod mentioning;
mod reading;

use serde_json::{Value, json};
use tocsin_entity::id::IncidentId;
use tocsin_simulator::{Snapshot, ViewSnapshot};

use crate::roundtrip::Scene;

/// What the workspace calls the command.
const COMMAND: &str = "/störung";

/// What people see of a text: links by their labels, and no marks.
fn shown(words: &str) -> String {
    let mut shown = String::new();
    let mut rest = words;
    while let Some((before, (inside, after))) = rest
        .split_once('<')
        .and_then(|(before, rest)| Some((before, rest.split_once('>')?)))
    {
        shown.push_str(before);
        shown.push_str(inside.split_once('|').map_or(inside, |(_, label)| label));
        rest = after;
    }
    shown.push_str(rest);
    shown.replace(['*', '`'], "")
}

impl Scene {
    /// Types a command into `#general`.
    async fn types(&self, person: &str, text: &str) {
        self.types_in(person, "general", text).await;
    }

    async fn types_in(&self, person: &str, channel: &str, text: &str) {
        let typed = self.slack().person(person).command(channel, COMMAND, text).await;
        let answer = typed.expect("a command");
        assert!(answer.is_ok(), "{text}: {answer:?}");
    }

    /// What somebody was told in a channel and nobody else saw, oldest first.
    fn told(&self, channel: &str) -> Vec<String> {
        let channel = self.slack().channel(channel).expect("a channel");
        channel
            .ephemeral
            .iter()
            .map(tocsin_simulator::MessageSnapshot::words)
            .collect()
    }

    /// Waits until somebody has been told that, in `#general`.
    async fn until_said(&self, words: &str) {
        self.until_said_in("general", words).await;
    }

    async fn until_said_in(&self, channel: &str, words: &str) {
        let told = |snapshot: &Snapshot| {
            let channel = snapshot.channel(channel).expect("a channel");
            channel
                .ephemeral
                .iter()
                .any(|message| shown(&message.words()).contains(words))
        };
        self.stage.until(told).await;
    }

    /// The dialog with that name, once it is there.
    async fn modal(&self, callback_id: &str) -> ViewSnapshot {
        let find = |snapshot: &Snapshot| {
            let views = snapshot.views.iter();
            views
                .rev()
                .find(|view| view.content["callback_id"] == callback_id)
                .cloned()
        };
        self.stage.until(|snapshot| find(snapshot).is_some()).await;
        find(&self.slack().snapshot()).expect("a dialog")
    }

    fn id_of(&self, name: &str) -> String {
        let snapshot = self.slack().snapshot();
        snapshot.person(name).expect("a person").id.clone()
    }

    fn id_of_channel(&self, name: &str) -> String {
        self.slack().channel(name).expect("a channel").id
    }

    /// A trigger that opens one dialog.
    async fn trigger(&self, person: &str) -> String {
        self.types_in(person, "incidents", "help").await;
        let deliveries = self.slack().deliveries();
        let command = deliveries.iter().rfind(|one| one.kind == "command");
        command.expect("a command").id.clone()
    }

    /// An interaction of somebody's.
    fn interaction_of(&self, person: &str, kind: &str) -> Value {
        json!({"type": kind, "team": {"id": self.stage.slack.id()}, "user": {"id": self.id_of(person)}})
    }

    /// Submits the dialog for a new incident; what is answered.
    async fn submit_new(&self, person: &str, view: &ViewSnapshot, values: Value) -> Value {
        let mut payload = self.interaction_of(person, "view_submission");
        payload["view"] = view.content.clone();
        payload["view"]["id"] = json!(view.id);
        payload["view"]["hash"] = json!("1.a");
        payload["view"]["state"] = json!({"values": values});
        let answer = self.stage.world.interact(&payload).await;
        assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
        if answer.body.is_empty() {
            Value::Null
        } else {
            answer.json()
        }
    }

    /// The incident of this number, once it is there.
    async fn until_incident(&self, number: i64) -> IncidentId {
        let found = async {
            loop {
                if let Some(id) = self.stage.tracker.by_number(number) {
                    return id;
                }
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(crate::outbound::stage::PATIENCE, found)
            .await
            .expect("an incident")
    }
}
