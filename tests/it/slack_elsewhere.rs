//! Beyond messages and commands: the Home tab, a workflow's step, and files, whichever way Slack sends them.

use anyhow::Context;
use serde_json::json;
use tocsin_simulator::{FileSeed, FunctionOutcome, Snapshot};
use tocsin_tests::{CHANNEL, PATIENCE, Stack, World, on_each_stack, shown_status, until};

on_each_stack!(
    home_tab_workflow_and_files_over_http,
    home_tab_workflow_and_files_by_socket_mode,
    many_incidents_with_the_longest_descriptions_are_listed,
);

async fn home_tab_workflow_and_files_over_http(stack: Stack) -> anyhow::Result<()> {
    work(&World::on(stack).start().await?).await
}

async fn home_tab_workflow_and_files_by_socket_mode(stack: Stack) -> anyhow::Result<()> {
    work(&World::on(stack).socket_mode().start().await?).await
}

async fn many_incidents_with_the_longest_descriptions_are_listed(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let alice = world
        .member("Alice Archer", "alice@example.com", "RESPONDER")
        .await?;
    // Together they are longer than the API's longest answer, which is of 8 MiB.
    let description = "\u{1f525}".repeat(100_000);
    for number in 1..=24 {
        let title = format!("Disk {number} is full");
        alice
            .trigger_with(json!({"title": title, "descriptionMarkdown": description}))
            .await?;
    }
    let person = world.slack().person("alice");
    person.open_home()?;
    until_home_says(&world, "Disk 24 is full").await?;
    person.command("general", "/incident", "list all").await?;
    let listed = |snapshot: &Snapshot| {
        let mut told = snapshot.channel("general")?.ephemeral.iter();
        told.find(|message| message.words().contains("Disk 20 is full"))
            .map(|_| ())
    };
    world.slack().wait_for(listed, PATIENCE).await?;
    Ok(())
}

async fn work(world: &World) -> anyhow::Result<()> {
    world
        .member("Alice Archer", "alice@example.com", "RESPONDER")
        .await?;
    triggered_by_a_workflow(world).await?;
    acknowledged_on_the_home_tab(world).await?;
    told_with_a_file(world).await?;
    made_of_a_message(world).await
}

async fn triggered_by_a_workflow(world: &World) -> anyhow::Result<()> {
    let alice = world.slack().person("alice");
    let inputs = json!({"title": "Payments are failing", "urgency": "high", "reporter": "me"});
    let inputs = inputs.as_object().context("inputs")?.clone();
    alice.run_function("trigger_incident", inputs)?;
    let outputs = world.slack().wait_for(
        |snapshot| match &snapshot.executions.first()?.outcome {
            FunctionOutcome::Succeeded { outputs } => Some(outputs.clone()),
            FunctionOutcome::Failed { error } => panic!("the workflow was told: {error}"),
            FunctionOutcome::Running => None,
        },
        PATIENCE,
    );
    let outputs = outputs.await?;
    assert_eq!(outputs["incident_number"], 1);
    assert_eq!(outputs["incident_title"], "Payments are failing");
    let now = world.admin().incident(1).await?;
    let entry = now.timeline().first().context("an entry")?;
    assert_eq!(
        (entry.source.as_str(), entry.email()),
        ("SLACK", Some("alice@example.com"))
    );
    Ok(())
}

async fn acknowledged_on_the_home_tab(world: &World) -> anyhow::Result<()> {
    let alice = world.slack().person("alice");
    alice.open_home()?;
    until_home_says(world, "Payments are failing").await?;
    let answer = alice.click_in_view("acknowledge").await?;
    assert!(answer.is_ok(), "{answer:?}");
    until_home_says(world, "Acknowledged by").await?;
    world
        .root(1, |root| shown_status(root) == Some("ACKNOWLEDGED"))
        .await?;

    // A dialog opened from there is Alice's alone, and does as much.
    alice.click_in_view("resolve").await?;
    let note = json!({"note": "Rolled back."});
    let answer = alice.submit(note.as_object().context("a note")?.clone()).await?;
    assert!(answer.is_ok(), "{answer:?}");
    world
        .root(1, |root| shown_status(root) == Some("RESOLVED"))
        .await?;
    Ok(())
}

async fn until_home_says(world: &World, words: &str) -> anyhow::Result<()> {
    let says = |snapshot: &Snapshot| {
        let mut tabs = snapshot.views.iter().filter(|view| view.kind == "home");
        tabs.any(|tab| tab.content.to_string().contains(words))
    };
    Ok(world.slack().wait_until(says, PATIENCE).await?)
}

async fn told_with_a_file(world: &World) -> anyhow::Result<()> {
    let root = world.root(1, |_| true).await?;
    let graph = FileSeed {
        name: "graph.png".to_owned(),
        mimetype: "image/png".to_owned(),
        size: 20_480,
    };
    let alice = world.slack().person("alice");
    alice.upload(CHANNEL, Some(&root.ts), "Look at this:", &[graph])?;
    let is_there = |body: &&str| body.contains("graph.png");
    let now = world
        .admin()
        .until(1, |now| now.comments().iter().any(is_there))
        .await?;
    let comments = now.comments();
    let body = comments.last().context("a comment")?;
    assert!(body.starts_with("Look at this:"), "{body}");
    assert!(
        body.contains("PNG") && body.contains("20"),
        "type and size: {body}"
    );
    assert!(!body.contains("files-pri"), "no private address: {body}");
    let entry = now.timeline().last().context("an entry")?;
    assert_eq!(entry.email(), Some("alice@example.com"));
    Ok(())
}

/// A message in the connector's own channel becomes an incident: it is shown there once, in the message's thread.
async fn made_of_a_message(world: &World) -> anyhow::Result<()> {
    let alice = world.slack().person("alice");
    let ts = alice.post(CHANNEL, "Search is slow")?;
    alice
        .message_shortcut("create_incident_from_message", CHANNEL, &ts)
        .await?;
    until("the form is there", async || {
        let views = alice.views().ok()?;
        views.iter().any(|view| view["submit"].is_object()).then_some(())
    })
    .await?;
    let services = alice.suggestions("service", "").await?;
    let service = services.first().context("a service")?;
    let given = json!({"service": service});
    let answer = alice.submit(given.as_object().context("values")?.clone()).await?;
    assert!(answer.is_ok(), "{answer:?}");
    let in_thread = |snapshot: &Snapshot| {
        let message = snapshot.channel(CHANNEL)?.message(&ts)?.clone();
        let mut shown = message.replies.into_iter().filter(|reply| reply.is_from_app);
        shown.find(|reply| reply.words().contains("#2 "))
    };
    let root = world.slack().wait_for(in_thread, PATIENCE).await?;
    alice.click(CHANNEL, &root.ts, "Acknowledge").await?;
    world
        .slack()
        .wait_until(
            |snapshot| in_thread(snapshot).is_some_and(|root| shown_status(&root) == Some("ACKNOWLEDGED")),
            PATIENCE,
        )
        .await?;
    world.settled().await?;
    let channel = world.channel()?;
    let elsewhere: Vec<_> = channel
        .app_messages()
        .into_iter()
        .filter(|message| message.words().contains("#2 "))
        .collect();
    assert!(elsewhere.is_empty(), "nothing but in the thread: {elsewhere:#?}");
    Ok(())
}
