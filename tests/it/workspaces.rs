//! Slack workspaces that an administrator connects beside that of the server's configuration.

use serde_json::{Value, json};
use tocsin_simulator::ChannelSnapshot;
use tocsin_tests::{PATIENCE, Stack, World, on_each_stack, roots_of, shown_status, until};

on_each_stack!(
    a_workspace_is_connected_and_disconnected_and_connected_again,
    a_token_that_slack_refuses_is_told_with_what_to_do_and_replacing_it_heals,
);

const CONNECT: &str = "mutation($input: ConnectSlackWorkspaceInput!) { connectSlackWorkspace(input: $input) {
    workspace { id status } userErrors { code message } } }";
const UPDATE: &str = "mutation($input: UpdateSlackWorkspaceInput!) { updateSlackWorkspace(input: $input) {
    workspace { id } userErrors { code message } } }";
const DISCONNECT: &str =
    "mutation($input: DisconnectSlackWorkspaceInput!) { disconnectSlackWorkspace(input: $input) {
    workspace { status } userErrors { code message } } }";
const CONNECTOR: &str = "mutation($input: CreateConnectorInput!) { createConnector(input: $input) {
    connector { workspace { name } } userErrors { code message } } }";
const WORKSPACES: &str =
    "{ slackWorkspaces { id name status reasonCode reason teamId teamName grantedScopes connectorCount } }";

async fn connect(world: &World, token: &str) -> anyhow::Result<Value> {
    let input = json!({"input": {"name": "Second", "botToken": token}});
    let answer = world.admin().ask(CONNECT, &input).await?;
    let workspace = answer["connectSlackWorkspace"]["workspace"].clone();
    assert_eq!(workspace["status"], "PENDING");
    let input = json!({"input": {"name": "second", "channel": "#general", "workspaceId": workspace["id"]}});
    let answer = world.admin().ask(CONNECTOR, &input).await?;
    assert_eq!(
        answer["createConnector"]["connector"]["workspace"]["name"],
        "Second"
    );
    Ok(workspace["id"].clone())
}

async fn until_status(world: &World, status: &str) -> anyhow::Result<Value> {
    until(status, async || {
        let answer = world.admin().ask(WORKSPACES, &Value::Null).await.ok()?;
        let workspace = answer["slackWorkspaces"][0].clone();
        (workspace["status"] == status).then_some(workspace)
    })
    .await
}

fn general(world: &World) -> ChannelSnapshot {
    world.slack().channel("general").expect("#general")
}

async fn until_general_shows(world: &World, number: i64, status: &str) -> anyhow::Result<()> {
    let shown = world.slack().wait_until(
        |snapshot| {
            let general = snapshot.channel("general").expect("#general");
            let roots = roots_of(general, number);
            roots.iter().any(|root| shown_status(root) == Some(status))
        },
        PATIENCE,
    );
    Ok(shown.await?)
}

async fn a_workspace_is_connected_and_disconnected_and_connected_again(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let token = world.slack().bot_token().to_owned();
    let id = connect(&world, &token).await?;
    let workspace = until_status(&world, "ACTIVE").await?;
    assert_eq!(workspace["teamName"], "Tocsin Demo");
    assert_eq!(workspace["connectorCount"], 1);
    let scopes = workspace["grantedScopes"].as_array().expect("scopes");
    assert!(scopes.contains(&json!("chat:write")), "{scopes:?}");
    assert!(!workspace.to_string().contains(&token));

    let first = world.admin().trigger("Payments are failing").await?;
    until_general_shows(&world, first.number, "TRIGGERED").await?;
    world
        .root(first.number, |root| shown_status(root) == Some("TRIGGERED"))
        .await?;

    let input = json!({"input": {"id": id}});
    let answer = world.admin().ask(DISCONNECT, &input).await?;
    assert_eq!(
        answer["disconnectSlackWorkspace"]["workspace"]["status"],
        "DISCONNECTED"
    );
    until("the bridge has heard of it", async || {
        let log = world.processes().last()?.log();
        let mut lines = log.iter().map(tocsin_tests::LogLine::message);
        lines
            .any(|line| line.contains("no longer worked in"))
            .then_some(())
    })
    .await?;
    world.admin().change("acknowledgeIncident", &first.id).await?;
    let second = world.admin().trigger("Search is slow").await?;
    world
        .root(first.number, |root| shown_status(root) == Some("ACKNOWLEDGED"))
        .await?;
    world
        .root(second.number, |root| shown_status(root) == Some("TRIGGERED"))
        .await?;
    let channel = general(&world);
    let before = roots_of(&channel, first.number);
    assert_eq!(
        shown_status(before[0]),
        Some("TRIGGERED"),
        "nothing is posted there"
    );
    assert!(roots_of(&channel, second.number).is_empty());

    let input = json!({"input": {"id": id, "botToken": token}});
    world.admin().ask(UPDATE, &input).await?;
    until_status(&world, "ACTIVE").await?;
    until_general_shows(&world, first.number, "ACKNOWLEDGED").await?;
    until_general_shows(&world, second.number, "TRIGGERED").await?;
    assert_eq!(roots_of(&general(&world), first.number).len(), 1);
    Ok(())
}

async fn a_token_that_slack_refuses_is_told_with_what_to_do_and_replacing_it_heals(
    stack: Stack,
) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let id = connect(&world, "xoxb-of-somebody-else").await?;
    let workspace = until_status(&world, "FAILING").await?;
    assert_eq!(workspace["reasonCode"], "invalid_auth");
    let reason = workspace["reason"].as_str().expect("a reason");
    assert!(reason.contains("tocsin slack connect"), "{reason}");

    let incident = world.admin().trigger("Payments are failing").await?;
    world
        .root(incident.number, |root| shown_status(root) == Some("TRIGGERED"))
        .await?;
    let now = world
        .admin()
        .until(incident.number, |now| {
            let mut deliveries = now.deliveries.iter();
            deliveries.any(|delivery| delivery.connector == "second" && delivery.last_error.is_some())
        })
        .await?;
    assert!(roots_of(&general(&world), incident.number).is_empty(), "{now:?}");

    let token = world.slack().bot_token();
    let input = json!({"input": {"id": id, "botToken": token}});
    world.admin().ask(UPDATE, &input).await?;
    until_general_shows(&world, incident.number, "TRIGGERED").await
}
