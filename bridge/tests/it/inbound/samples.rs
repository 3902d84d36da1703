//! Requests as Slack really sends them, and what may become of them.

use std::{collections::BTreeMap, fs, path::PathBuf};

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::odd_shapes::{paths, reshaped, shapes};
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

#[tokio::test]
async fn every_sample_is_taken() {
    let world = World::alone().await;
    for (name, sample) in samples() {
        if name.starts_with("socket.slash_commands") {
            continue;
        }
        assert_eq!(send(&world, &name, sample).await, StatusCode::OK, "{name}");
    }
    for row in world.inbox().await {
        assert_eq!(row.payload.get("token"), None, "a token was kept");
    }
}

/// Of each kind of sample the longest: a field that is missing, null or of another shape may change what is judged by it, and nothing else.
#[tokio::test]
async fn samples_with_fields_missing_or_of_another_shape_are_taken() {
    let world = World::alone().await;
    let mut longest: BTreeMap<String, (String, Value)> = BTreeMap::new();
    for (name, sample) in samples() {
        let kind = name
            .rsplit_once('.')
            .map_or(name.as_str(), |(kind, _)| kind)
            .to_owned();
        // What is a frame of Socket Mode is read elsewhere; a command waits here until it is known where the bot is.
        let mut others = ["socket", "hello", "disconnect", "slash"].iter();
        let is_other = others.any(|other| kind.starts_with(other));
        let length = |sample: &Value| sample.to_string().len();
        let is_longer = longest
            .get(&kind)
            .is_none_or(|(_, other)| length(other) < length(&sample));
        if !is_other && is_longer {
            longest.insert(kind, (name, sample));
        }
    }
    let (all, mut sent) = (shapes(), 0);
    for (name, sample) in longest.into_values() {
        for path in paths(&sample, 2) {
            for shape in &all {
                let changed = reshaped(&sample, &path, shape.as_ref());
                let status = send(&world, &name, changed).await;
                assert_eq!(status, StatusCode::OK, "{name} with {path} as {shape:?}");
                sent += 1;
            }
        }
    }
    assert!(sent > 3_000, "{sent} requests");
}
