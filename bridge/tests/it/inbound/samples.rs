//! Requests as Slack really sends them, and what may become of them.

use std::{fs, path::PathBuf};

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::world::World;

fn samples() -> Vec<(String, Value)> {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/samples/payloads");
    let mut samples: Vec<_> = fs::read_dir(directory)
        .expect("samples")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (
                name,
                serde_json::from_slice(&fs::read(&path).expect("a sample")).expect("JSON"),
            )
        })
        .collect();
    samples.sort_by(|left, right| left.0.cmp(&right.0));
    assert!(samples.len() > 100);
    samples
}

/// The event's request, whether the sample is a request, an event without its envelope, or a Socket Mode envelope.
fn request(name: &str, sample: Value) -> Value {
    if name.starts_with("inner.") && !name.starts_with("inner.app_rate_limited") {
        return json!({"type": "event_callback", "team_id": "T1", "event_id": format!("Ev-{name}"), "event": sample});
    }
    if name.starts_with("socket.") {
        sample["payload"].clone()
    } else {
        sample
    }
}

async fn send(world: &World, name: &str, sample: Value) -> StatusCode {
    let kind = name.split('.').next().unwrap_or_default();
    let sample = request(name, sample);
    match kind {
        "slash" => {
            let fields: Vec<(&str, &str)> = sample
                .as_object()
                .expect("fields")
                .iter()
                .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
                .collect();
            world
                .post(
                    "/slack/commands",
                    serde_urlencoded::to_string(fields).expect("a form"),
                )
                .await
                .status
        }
        "block_suggestion" => {
            let body = serde_urlencoded::to_string([("payload", sample.to_string())]).expect("a form");
            world.post("/slack/options", body).await.status
        }
        "block_actions" | "view_submission" | "view_closed" | "shortcut" | "message_action" => {
            world.interact(&sample).await.status
        }
        _ => world.post("/slack/events", sample.to_string()).await.status,
    }
}

/// Samples that name no workspace, which Slack always does.
const NAMELESS: [&str; 1] = ["event.app_uninstalled.3"];

/// Fields that may be the only ones that name the workspace.
const NAMES: [&str; 6] = [
    "/team_id",
    "/team",
    "/team/id",
    "/authorizations",
    "/enterprise",
    "/enterprise/id",
];

#[tokio::test]
async fn every_sample_is_taken() {
    let world = World::alone().await;
    for (name, sample) in samples() {
        if name.starts_with("socket.slash_commands") {
            continue;
        }
        let is_nameless = NAMELESS.contains(&name.as_str());
        let expected = if is_nameless {
            StatusCode::FORBIDDEN
        } else {
            StatusCode::OK
        };
        assert_eq!(send(&world, &name, sample).await, expected, "{name}");
    }
    for row in world.inbox().await {
        assert_eq!(row.payload.get("token"), None, "a token was kept");
    }
}

/// A field that is missing, null or of another type: what is judged by it may be judged otherwise, but nothing breaks.
#[tokio::test]
async fn samples_with_fields_missing_or_changed_are_taken() {
    let world = World::alone().await;
    for (name, sample) in samples()
        .into_iter()
        .filter(|(name, _)| name.starts_with("event.") || name.starts_with("block_actions"))
    {
        for (path, changed) in mutations(&sample) {
            // The type of the request, and of the event, are what makes it one.
            if path == "/type" || path == "/event/type" || path == "/event" {
                continue;
            }
            let status = send(&world, &name, changed).await;
            let is_nameless = NAMES.contains(&path.as_str()) || NAMELESS.contains(&name.as_str());
            let is_refused = status == StatusCode::FORBIDDEN && is_nameless;
            assert!(
                status == StatusCode::OK || is_refused,
                "{name} with {path} changed: {status}"
            );
        }
    }
}

/// The sample with each field of its first two levels gone, null, a number, and an object.
fn mutations(sample: &Value) -> Vec<(String, Value)> {
    let mut paths = Vec::new();
    for (name, value) in sample.as_object().expect("an object") {
        paths.push(format!("/{name}"));
        paths.extend(
            value
                .as_object()
                .into_iter()
                .flatten()
                .map(|(inner, _)| format!("/{name}/{inner}")),
        );
    }
    let mut all = Vec::new();
    for path in paths {
        for value in [Value::Null, json!(7), json!({"other": []}), json!([null])] {
            let mut changed = sample.clone();
            *changed.pointer_mut(&path).expect("a field") = value;
            all.push((path.clone(), changed));
        }
        let mut changed = sample.clone();
        let (parent, name) = path.rsplit_once('/').expect("a path");
        changed
            .pointer_mut(parent)
            .and_then(Value::as_object_mut)
            .expect("a parent")
            .remove(name);
        all.push((path, changed));
    }
    all
}
