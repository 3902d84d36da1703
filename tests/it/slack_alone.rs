//! A responder who never leaves Slack: what they do there is in the API at once, under their name, whichever way Slack sends it.

use anyhow::Context;
use serde_json::{Map, Value, json};
use tocsin_simulator::PersonHandle;
use tocsin_tests::{CHANNEL, Stack, World, on_each_stack, shown_status, until};

on_each_stack!(
    an_incident_is_worked_wholly_from_slack_over_http,
    an_incident_is_worked_wholly_from_slack_by_socket_mode,
);

async fn an_incident_is_worked_wholly_from_slack_over_http(stack: Stack) -> anyhow::Result<()> {
    from_creating_to_resolving(&World::on(stack).start().await?).await
}

async fn an_incident_is_worked_wholly_from_slack_by_socket_mode(stack: Stack) -> anyhow::Result<()> {
    from_creating_to_resolving(&World::on(stack).socket_mode().start().await?).await
}

/// Fills in the dialog that opens.
async fn submit(person: &PersonHandle, given: &[(&str, Value)]) -> anyhow::Result<()> {
    let given = given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    let answer = person.submit(given.collect::<Map<_, _>>()).await?;
    anyhow::ensure!(answer.is_ok(), "{answer:?}");
    Ok(())
}

async fn from_creating_to_resolving(world: &World) -> anyhow::Result<()> {
    for (name, email) in [
        ("Alice Archer", "alice@example.com"),
        ("Bob Baker", "bob@example.com"),
    ] {
        world.member(name, email, "RESPONDER").await?;
    }
    let alice = world.slack().person("alice");

    let answer = alice
        .command("general", "/incident", "create Payments are failing")
        .await?;
    anyhow::ensure!(answer.is_ok(), "{answer:?}");
    until("the form is there", async || {
        let views = alice.views().ok()?;
        views.iter().any(|view| view["submit"].is_object()).then_some(())
    })
    .await?;
    let services = alice.suggestions("service", "").await?;
    let service = services.first().context("a service")?;
    submit(
        &alice,
        &[("service", service.clone()), ("severity", json!("SEV2"))],
    )
    .await?;
    let root = world.root(1, |_| true).await?;
    let announced = world.slack().wait_for(
        |snapshot| {
            let general = snapshot.channel("general")?;
            general.app_messages().first().map(|message| message.ts.clone())
        },
        tocsin_tests::PATIENCE,
    );
    announced.await.context("it is announced where it was created")?;

    alice.click(CHANNEL, &root.ts, "Acknowledge").await?;
    world
        .root(1, |root| shown_status(root) == Some("ACKNOWLEDGED"))
        .await?;
    alice.choose(CHANNEL, &root.ts, "more", "note").await?;
    submit(&alice, &[("note", json!("The gateway answers 502."))]).await?;
    world.admin().until(1, |now| now.comments().len() == 1).await?;
    let said = alice.reply(CHANNEL, &root.ts, "Rolling bakc.")?;
    let oops = alice.reply(CHANNEL, &root.ts, "wrong window")?;
    world.admin().until(1, |now| now.comments().len() == 3).await?;
    alice.edit(CHANNEL, &said, "Rolling back.")?;
    alice.delete(CHANNEL, &oops)?;
    alice
        .command(CHANNEL, "/incident", "assign 1 bob@example.com")
        .await?;
    world
        .admin()
        .until(1, |now| now.kinds().contains(&"REASSIGNED"))
        .await?;
    alice.click(CHANNEL, &root.ts, "Resolve").await?;
    submit(&alice, &[("note", json!("Rolled back to 1.2."))]).await?;
    world
        .root(1, |root| shown_status(root) == Some("RESOLVED"))
        .await?;

    let now = world
        .admin()
        .until(1, |now| {
            let bodies: Vec<_> = now
                .timeline()
                .iter()
                .filter_map(|entry| entry.body_markdown.as_deref())
                .collect();
            bodies == ["The gateway answers 502.", "Rolling back.", "Rolled back to 1.2."]
        })
        .await?;
    let expected = [
        "TRIGGERED",
        "ACKNOWLEDGED",
        "COMMENT",
        "COMMENT",
        "COMMENT",
        "REASSIGNED",
        "RESOLVED",
    ];
    assert_eq!(now.kinds(), expected);
    for entry in now.timeline() {
        assert_eq!(
            (entry.source.as_str(), entry.email()),
            ("SLACK", Some("alice@example.com")),
            "{entry:?}"
        );
    }
    Ok(())
}
