//! A disk that is full for a while: what was accepted is there, and what was refused is not.

use anyhow::ensure;
use serde_json::{Value, json};
use tocsin_tests::{Answer, Stack, World, shown, until};

const TRIGGER: &str = "mutation($input: TriggerIncidentInput!) { triggerIncident(input: $input) {
    incident { id number } userErrors { code message } } }";

/// One request, and whatever comes of it.
async fn trigger(world: &World, title: &str) -> anyhow::Result<Answer> {
    let input = json!({"input": {"title": title}});
    world.admin().send(TRIGGER, &input).await
}

async fn ready(world: &World) -> anyhow::Result<(u16, Value)> {
    let url = format!("{}/readyz", world.api(0).base());
    let answer = reqwest::get(url).await?;
    Ok((answer.status().as_u16(), answer.json().await?))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_accepted_after_a_full_disk_is_kept_and_what_was_refused_is_not() -> anyhow::Result<()> {
    shown(a_full_disk().await)
}

async fn a_full_disk() -> anyhow::Result<()> {
    let world = World::on(Stack::Embedded).start().await?;
    let before = world.admin().trigger("Before").await?;
    world.root(before.number, |_| true).await?;
    world.settled().await?;
    let mut accepted = vec![before.number];
    for round in 0..3 {
        world.api(0).fill_disk(true).await?;
        for number in 0..3 {
            let answer = trigger(&world, &format!("Refused {round}.{number}")).await?;
            ensure!(answer.code() == Some("UNAVAILABLE"), "{}", answer.body);
        }
        let told = until("/readyz told of the disk", async || {
            let (status, body) = ready(&world).await.ok()?;
            (status == 503).then_some(body)
        });
        let told = told.await?.to_string();
        ensure!(
            told.contains("disk is full") && told.contains("free some space"),
            "{told}"
        );
        world.api(0).fill_disk(false).await?;
        for number in 0..3 {
            let title = format!("Accepted {round}.{number}");
            let answer = trigger(&world, &title).await?;
            ensure!(answer.is_clean(), "{}", answer.body);
            let made = &answer.body["data"]["triggerIncident"]["incident"]["number"];
            let made = made.as_i64().expect("a number");
            ensure!(world.admin().incident(made).await?.title == title);
            accepted.push(made);
        }
        // The queue is written as well, or comes by itself.
        for &number in &accepted {
            world.root(number, |_| true).await?;
        }
        world.api(0).ready().await?;
    }
    world.settled().await?;
    world.api(0).kill().await?;
    world.api(0).start().await?;
    for &number in &accepted {
        world.admin().incident(number).await?;
    }
    ensure!(world.count("incident").await? == i64::try_from(accepted.len())?);
    ensure!(world.count("incident WHERE title LIKE 'Refused%'").await? == 0);
    Ok(())
}
