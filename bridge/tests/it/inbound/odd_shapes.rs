//! Requests in which a field is missing, null, or of another shape than Slack gives it: each is acknowledged, and worked or dropped.
//!
//! Every kind of request that somebody here handles is sent with every one of its fields so changed. That no handler lacks a case is tested beside
//! the handlers.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tocsin_entity::{kinds::InboxState, slack::inbox};

use super::tenants_cases::{CASES, Case, Place, remove};
use crate::{
    outbound::stage::PATIENCE,
    roundtrip::Scene,
    transport::{Transport, over_each_transport},
    world::Answer,
};

/// How deep fields are changed: values of a dialog stand deepest.
const DEPTH: usize = 6;

/// What stands in place of a field; none where it is missing.
pub(super) fn shapes() -> [Option<Value>; 7] {
    [
        Some(Value::Null),
        None,
        Some(json!(7)),
        Some(json!(true)),
        Some(json!("nothing that Slack says")),
        Some(json!([null])),
        Some(json!({ "other": [] })),
    ]
}

/// A payload with another shape at a path.
pub(super) fn reshaped(payload: &Value, path: &str, shape: Option<&Value>) -> Value {
    let mut payload = payload.clone();
    match shape {
        Some(shape) => {
            if let Some(field) = payload.pointer_mut(path) {
                *field = shape.clone();
            }
        }
        None => remove(&mut payload, path),
    }
    payload
}

/// The paths of all fields and elements of a value.
pub(super) fn paths(value: &Value, depth: usize) -> Vec<String> {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(fields) if depth > 0 => fields
            .iter()
            .map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        Value::Array(values) if depth > 0 => values
            .iter()
            .enumerate()
            .map(|(n, value)| (n.to_string(), value))
            .collect(),
        Value::Object(_)
        | Value::Array(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_) => Vec::new(),
    };
    let mut all = Vec::new();
    for (name, value) in inner {
        let deeper = paths(value, depth - 1);
        all.push(format!("/{name}"));
        all.extend(deeper.into_iter().map(|path| format!("/{name}{path}")));
    }
    all
}

/// Sends the cases of one scene.
struct Sender<'a> {
    scene: &'a Scene,
    team: String,
    user: String,
    place: Place,
}

impl<'a> Sender<'a> {
    fn of(scene: &'a Scene) -> Self {
        let slack = scene.slack();
        let snapshot = slack.snapshot();
        let person = |name: &str| snapshot.people.iter().find(|person| person.name == name);
        let bot = snapshot
            .people
            .iter()
            .find(|person| person.is_bot)
            .expect("a bot");
        let place = Place {
            // The cases name the team where they are made.
            team: "",
            channel: slack.channel("incidents").expect("a channel").id.leak(),
            ts: scene.root.clone(),
            organization: scene.stage.tracker.organization.to_string(),
            incident: scene.incident.to_string(),
            bot: bot.id.clone().leak(),
            response_url: format!("{}nowhere", slack.url()),
        };
        Self {
            scene,
            team: slack.id(),
            user: person("alice").expect("a person").id.clone(),
            place,
        }
    }

    /// A request that no other is taken for.
    fn payload(&self, case: &Case, number: usize) -> Value {
        let once = format!("{}.{number:06}", 1_700_000_000 + number);
        let payload = case.naming(&self.team, &self.place, &once).to_string();
        let of_person = payload.replace("\"U1\"", &json!(self.user).to_string());
        serde_json::from_str(&of_person).expect("JSON")
    }

    /// Sends it as Slack does. A field of a command's form can be nothing but text.
    async fn send(&self, case: &Case, payload: &Value) -> Answer {
        let world = &self.scene.stage.world;
        match case.kind {
            "event" => world.post("/slack/events", payload.to_string()).await,
            "interaction" => world.interact(payload).await,
            _ => {
                let fields = payload.as_object().into_iter().flatten();
                let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let fields: Vec<_> = fields.map(|(name, value)| (name, text(value))).collect();
                let form = serde_urlencoded::to_string(fields).expect("a form");
                world.post("/slack/commands", form).await
            }
        }
    }

    /// Waits until all that was taken is worked, and sees that nothing of it broke a handler.
    async fn until_all_is_worked(&self) {
        let worked = async {
            loop {
                let rows = self.scene.stage.world.inbox().await;
                let is_waiting = |row: &&inbox::Model| {
                    let error = row.last_error.as_deref().unwrap_or_default();
                    // That an app is uninstalled is believed when Slack no longer takes its token, and here it does.
                    let is_known = error.contains("still takes the token");
                    row.state == InboxState::Pending && !is_known
                };
                let Some(row) = rows.iter().find(is_waiting) else {
                    return rows;
                };
                if let Some(error) = row.last_error.as_deref().filter(|_| row.attempts > 3) {
                    panic!("it is tried again and again: {error}\n{}", row.payload);
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let rows = tokio::time::timeout(PATIENCE, worked).await;
        for row in rows.expect("worked in time") {
            let error = row.last_error.unwrap_or_default();
            assert!(!error.contains("panicked"), "{error}\n{}", row.payload);
        }
    }
}

/// It is acknowledged, and whoever waits for words gets some. What names another team is refused, which is no shape but a meaning.
fn assert_answered(case: &Case, answer: &Answer, path: &str, shape: Option<&Value>) {
    let why = format!("{path} is {shape:?}");
    if path.contains("team") && shape.is_some_and(Value::is_string) && answer.status == StatusCode::FORBIDDEN
    {
        assert_eq!(answer.error_code(), "FOREIGN_WORKSPACE", "{}: {why}", case.name);
        return;
    }
    assert_eq!(answer.status, StatusCode::OK, "{}: {why}: {answer:?}", case.name);
    // A command that acts is answered once it is worked.
    let is_stored = answer.body.is_empty() && case.name == "a command that acts";
    if case.kind == "command" && !is_stored {
        let said = answer.json();
        let is_said = said["text"].as_str().is_some_and(|text| !text.is_empty());
        assert!(
            is_said || said["blocks"].is_array(),
            "{}: {why}: {answer:?}",
            case.name
        );
    }
}

over_each_transport!(every_request_is_acknowledged_and_ends_whatever_shape_its_fields_have);

async fn every_request_is_acknowledged_and_ends_whatever_shape_its_fields_have(transport: Transport) {
    let scene = Scene::set(transport).await;
    let sender = Sender::of(&scene);
    let all = shapes();
    // By both ways a payload is read by the same code.
    let shapes = if transport == Transport::Http {
        &all[..]
    } else {
        &all[..1]
    };
    let mut sent = 0;
    for case in CASES {
        for path in paths(&sender.payload(case, 0), DEPTH) {
            for shape in shapes {
                sent += 1;
                let payload = reshaped(&sender.payload(case, sent), &path, shape.as_ref());
                let answer = sender.send(case, &payload).await;
                assert_answered(case, &answer, &path, shape.as_ref());
            }
        }
        sender.until_all_is_worked().await;
    }
    assert!(sent > 300, "{sent} requests");
}
