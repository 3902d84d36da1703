//! A channel that Slack calls otherwise: by another name, or by another id, as where it comes to be shared with another company.

use serde_json::{Value, json};
use tocsin_tests::{CHANNEL, PATIENCE, Stack, World, on_each_stack, roots_of, shown_status, until};

on_each_stack!(
    a_connector_follows_its_channel_to_another_name,
    what_stands_in_a_channel_is_kept_true_under_its_new_id,
);

const CONNECTORS: &str = "{ connectors { id channel } }";
const UPDATE: &str = "mutation($input: UpdateConnectorInput!) { updateConnector(input: $input) {
    connector { id } userErrors { code } } }";

async fn what_stands_in_a_channel_is_kept_true_under_its_new_id(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    world
        .member("Alice Archer", "alice@example.com", "RESPONDER")
        .await?;
    let admin = world.admin();
    let before = world.channel()?.id;
    let connector = admin.ask(CONNECTORS, &Value::Null).await?["connectors"][0]["id"].clone();
    admin
        .ask(UPDATE, &json!({"input": {"id": connector, "channel": before}}))
        .await?;
    let first = admin.trigger("Payments are failing").await?;
    let root = world
        .root(first.number, |root| shown_status(root) == Some("TRIGGERED"))
        .await?;
    let alice = world.slack().person("alice");
    let reply = alice.reply(CHANNEL, &root.ts, "Looking")?;
    admin
        .until(first.number, |now| now.comments() == ["Looking"])
        .await?;

    let after = world.slack().change_channel_id(CHANNEL)?;
    assert_ne!(before, after);
    until("the connector leads there", async || {
        let seen = admin.ask(CONNECTORS, &Value::Null).await.ok()?;
        (seen["connectors"][0]["channel"] == json!(after)).then_some(())
    })
    .await?;
    alice.edit(CHANNEL, &reply, "Looking at it")?;
    admin
        .until(first.number, |now| now.comments() == ["Looking at it"])
        .await?;
    admin.change("acknowledgeIncident", &first.id).await?;
    world
        .root(first.number, |root| shown_status(root) == Some("ACKNOWLEDGED"))
        .await?;
    let second = admin.trigger("Search is slow").await?;
    world
        .root(second.number, |root| shown_status(root) == Some("TRIGGERED"))
        .await?;
    assert_eq!(admin.incident(first.number).await?.comments(), ["Looking at it"]);
    Ok(())
}

async fn a_connector_follows_its_channel_to_another_name(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let admin = world.admin();
    let first = admin.trigger("Payments are failing").await?;
    world
        .root(first.number, |root| shown_status(root) == Some("TRIGGERED"))
        .await?;
    world
        .slack()
        .person("alice")
        .rename_channel(CHANNEL, "incidents-eu")?;
    until("the connector leads there", async || {
        let seen = admin.ask(CONNECTORS, &Value::Null).await.ok()?;
        (seen["connectors"][0]["channel"] == "#incidents-eu").then_some(())
    })
    .await?;
    admin.change("acknowledgeIncident", &first.id).await?;
    let second = admin.trigger("Search is slow").await?;
    let both = |snapshot: &tocsin_simulator::Snapshot| {
        let channel = snapshot.channel("incidents-eu");
        let shows = |number, status| {
            let roots = channel.map(|there| roots_of(there, number)).unwrap_or_default();
            roots.len() == 1 && shown_status(roots[0]) == Some(status)
        };
        shows(first.number, "ACKNOWLEDGED") && shows(second.number, "TRIGGERED")
    };
    Ok(world.slack().wait_until(both, PATIENCE).await?)
}
