//! What outlives a restart.

use serde_json::json;
use tocsin_simulator::{Simulator, SimulatorConfig, SimulatorError};

use crate::slack::{PATIENCE, Slack, client, config};

#[tokio::test]
async fn a_restarted_workspace_knows_its_messages_and_threads() {
    let folder = tempfile::tempdir().unwrap();
    let state_file = Some(folder.path().join("slack.json"));
    let with_file = || SimulatorConfig {
        state_file: state_file.clone(),
        ..config()
    };
    let slack = Slack::with(with_file()).await;
    let channel = slack.id("incidents");
    let root = slack
        .ok("chat.postMessage", json!({"channel": channel, "text": "#1"}))
        .await;
    slack
        .sim
        .person("alice")
        .reply("incidents", "#1", "on it")
        .unwrap();
    slack
        .ok("conversations.join", json!({"channel": slack.id("general")}))
        .await;
    let before = slack.sim.snapshot();
    slack.sim.shutdown().await.unwrap();

    let slack = Slack::with(with_file()).await;
    assert_eq!(slack.sim.snapshot(), before);
    let next = slack
        .ok("chat.postMessage", json!({"channel": channel, "text": "#2"}))
        .await;
    assert!(next["ts"].as_str() > root["ts"].as_str());
    slack
        .sim
        .person("bob")
        .reply("incidents", "#1", "me too")
        .unwrap();
    let seen = slack.sim.channel("incidents").unwrap();
    assert_eq!(seen.messages[0].replies.len(), 2);
    assert!(!folder.path().join("slack.tmp").exists());
}

#[tokio::test]
async fn a_foreign_state_file_is_refused_and_left_alone() {
    client();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slack.json");
    std::fs::write(&path, "my notes").unwrap();
    let started = Simulator::start(SimulatorConfig {
        state_file: Some(path.clone()),
        ..config()
    })
    .await;
    let error = started.err().unwrap();
    assert!(matches!(error, SimulatorError::StateFormat { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(path).unwrap(), "my notes");
}

#[tokio::test]
async fn a_taken_port_is_an_error() {
    let slack = Slack::start().await;
    let listen = slack.sim.url().socket_addrs(|| None).unwrap()[0];
    let error = Simulator::start(SimulatorConfig { listen, ..config() })
        .await
        .err()
        .unwrap();
    assert!(error.to_string().contains("cannot listen on"), "{error}");
}

#[tokio::test]
async fn a_dropped_simulator_stops_serving() {
    let slack = Slack::start().await;
    let url = slack.sim.url();
    drop(slack.sim);
    let refused = async {
        while slack.http.get(url.clone()).send().await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, refused).await.unwrap();
}
