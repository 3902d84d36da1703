//! Two organisations in one Slack team.

use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};
use tocsin_simulator::Simulator;
use tocsin_tests::{CHANNEL, Client, PATIENCE, Stack, World, on_each_stack, roots_of, shown_status, until};

use crate::install::install_for;

on_each_stack!(
    an_organisation_s_channel_takes_no_other_one_s_incidents,
    an_installation_of_one_organisation_s_does_not_end_that_of_another,
    where_a_channel_has_become_another_organisation_s_nothing_goes_and_the_connector_says_why,
);

const CREATE: &str = "mutation($input: CreateConnectorInput!) { createConnector(input: $input) {
    connector { id } userErrors { code message field } } }";
const UPDATE: &str = "mutation($input: UpdateConnectorInput!) { updateConnector(input: $input) {
    connector { id } userErrors { code } } }";
const CONNECTORS: &str = "{ connectors { id channel isChannelTaken status reasonCode reason } }";

fn channel_id(slack: &Simulator, name: &str) -> anyhow::Result<String> {
    Ok(slack.channel(name).context("the channel")?.id)
}

/// Waits until the channel shows the incident.
async fn shown_in(world: &World, channel: &str, number: i64) -> anyhow::Result<()> {
    let is_shown = |snapshot: &tocsin_simulator::Snapshot| {
        let there = snapshot.channel(channel).map(|there| roots_of(there, number));
        there.is_some_and(|roots| roots.iter().any(|root| shown_status(root) == Some("TRIGGERED")))
    };
    Ok(world.slack().wait_until(is_shown, PATIENCE).await?)
}

/// Waits until all channels have been read.
async fn channels_are_known(client: &Client) -> anyhow::Result<()> {
    until("the channels are known", async || {
        let known = client
            .ask("{ slackChannels { refreshedAt } }", &Value::Null)
            .await
            .ok()?;
        known["slackChannels"]["refreshedAt"].is_string().then_some(())
    })
    .await
}

async fn an_organisation_s_channel_takes_no_other_one_s_incidents(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let other = world.organization("Another organisation", "#general").await?;
    channels_are_known(&other).await?;
    let theirs = channel_id(world.slack(), CHANNEL)?;
    for channel in [theirs.as_str(), "#incidents"] {
        let input = json!({"input": {"name": "more", "channel": channel}});
        let refused = other.send(CREATE, &input).await?;
        assert_eq!(
            refused.code(),
            Some("CHANNEL_TAKEN"),
            "{channel}: {}",
            refused.body
        );
    }
    let incident = other.trigger("Theirs").await?;
    shown_in(&world, "general", incident.number).await?;
    assert!(roots_of(&world.channel()?, incident.number).is_empty());
    Ok(())
}

async fn an_installation_of_one_organisation_s_does_not_end_that_of_another(
    stack: Stack,
) -> anyhow::Result<()> {
    let plan = World::on(stack).slack(|slack| {
        slack.installed = false;
        slack.token_rotation = true;
        slack.refresh_grace = Duration::ZERO;
    });
    let world = plan.start().await?;
    let other = world.organization("Another organisation", "#general").await?;
    install_for(&world, &other, json!({"to": "/"})).await?;
    // Of the tokens of an app in a team two live at a time: after these that of the other organisation does not.
    for _ in 0..2 {
        install_for(&world, world.admin(), json!({"to": "/"})).await?;
    }
    let ours = world.admin().trigger("Ours").await?;
    world
        .root(ours.number, |root| shown_status(root) == Some("TRIGGERED"))
        .await?;
    let theirs = other.trigger("Theirs").await?;
    shown_in(&world, "general", theirs.number).await
}

async fn where_a_channel_has_become_another_organisation_s_nothing_goes_and_the_connector_says_why(
    stack: Stack,
) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let other = world.organization("Another organisation", "#later").await?;
    channels_are_known(world.admin()).await?;
    let general = channel_id(world.slack(), "general")?;
    let input = json!({"input": {"name": "general", "channel": general}});
    world.admin().ask(CREATE, &input).await?;

    // The other organisation has named what did not exist: now it is the first one's.
    world.slack().person("alice").rename_channel("general", "later")?;
    let held = until("the connector says why", async || {
        let seen = other.ask(CONNECTORS, &Value::Null).await.ok()?["connectors"][0].clone();
        (seen["isChannelTaken"] == true).then_some(seen)
    })
    .await?;
    assert_eq!(
        (&held["status"], &held["reasonCode"]),
        (&json!("FAILING"), &json!("channel_taken"))
    );
    let incident = other.trigger("Theirs").await?;
    let told = other
        .until(incident.number, |now| {
            now.deliveries.iter().any(|one| one.last_error.is_some())
        })
        .await?;
    let why = told.deliveries[0].last_error.clone().unwrap_or_default();
    assert!(why.contains("a channel of its own"), "{why}");
    let later = world.slack().channel("later").context("the channel")?;
    assert!(roots_of(&later, incident.number).is_empty());

    let made = world.slack().person("alice").create_channel("theirs", false)?;
    let input = json!({"input": {"id": held["id"], "channel": made}});
    other.ask(UPDATE, &input).await?;
    shown_in(&world, "theirs", incident.number).await
}
