//! What people may do from Slack: as much as in Tocsin itself.

use tocsin_simulator::ChannelSnapshot;
use tocsin_tests::{CHANNEL, PATIENCE, Stack, World, on_each_stack, shown_status};

on_each_stack!(
    a_button_does_what_the_person_may_do,
    whoever_may_not_is_told_so_and_nothing_changes,
    a_reply_of_someone_who_only_reads_is_not_a_comment_and_they_are_told,
    the_second_to_press_is_told_who_was_first,
    who_is_not_linked_is_told_how_and_acts_as_the_member_once_they_have_confirmed_it,
    who_has_signed_in_with_slack_acts_as_the_member_who_asked_for_it,
);

/// What one person alone was told in a channel.
fn told(channel: &ChannelSnapshot, person: &str) -> Vec<String> {
    let theirs = channel.ephemeral.iter();
    theirs
        .filter(|message| message.ephemeral_for.as_deref() == Some(person))
        .map(|message| message.text.clone())
        .collect()
}

/// Waits until a person has been told something in the channel of incidents.
async fn until_told(world: &World, name: &str, what: &str) -> anyhow::Result<()> {
    let told = world.slack().wait_until(
        |snapshot| {
            let id = &snapshot.person(name).expect("the person").id;
            let channel = snapshot.channel(CHANNEL).expect("the channel");
            told(channel, id).iter().any(|text| text.contains(what))
        },
        PATIENCE,
    );
    Ok(told.await?)
}

async fn a_button_does_what_the_person_may_do(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    world
        .member("Alice Archer", "alice@example.com", "RESPONDER")
        .await?;
    let incident = world.admin().trigger("Payments are failing").await?;
    let root = world.root(incident.number, |_| true).await?;
    let alice = world.slack().person("alice");

    let answer = alice.click(CHANNEL, &root.ts, "Acknowledge").await?;
    assert!(answer.is_ok(), "{answer:?}");
    let root = world
        .root(incident.number, |root| shown_status(root) == Some("ACKNOWLEDGED"))
        .await?;
    let now = world.admin().incident(incident.number).await?;
    let by = now.acknowledged_by.as_ref().map(|person| person.email.as_str());
    assert_eq!(by, Some("alice@example.com"));
    let entry = now.timeline().last().expect("an entry");
    assert_eq!(
        (entry.kind.as_str(), entry.source.as_str(), entry.email()),
        ("ACKNOWLEDGED", "SLACK", Some("alice@example.com"))
    );

    alice.click(CHANNEL, &root.ts, "Resolve").await?;
    let note = serde_json::Map::from_iter([("note".to_owned(), "Rolled back.".into())]);
    let answer = alice.submit(note).await?;
    assert!(answer.is_ok(), "{answer:?}");
    let root = world
        .root(incident.number, |root| {
            shown_status(root) == Some("RESOLVED") && root.replies.len() == 2
        })
        .await?;
    alice.click(CHANNEL, &root.ts, "Reopen").await?;
    world
        .root(incident.number, |root| {
            shown_status(root) == Some("TRIGGERED") && root.replies.len() == 3
        })
        .await?;
    let now = world.admin().incident(incident.number).await?;
    assert_eq!(now.kinds(), ["TRIGGERED", "ACKNOWLEDGED", "RESOLVED", "REOPENED"]);
    assert_eq!(now.timeline()[2].body_markdown.as_deref(), Some("Rolled back."));
    Ok(())
}

async fn whoever_may_not_is_told_so_and_nothing_changes(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    world
        .member("Bob Baker", "bob@example.com", "STAKEHOLDER")
        .await?;
    let incident = world.admin().trigger("Payments are failing").await?;
    let root = world.root(incident.number, |_| true).await?;
    let before = world.admin().incident(incident.number).await?;

    let answer = world
        .slack()
        .person("bob")
        .click(CHANNEL, &root.ts, "Acknowledge")
        .await?;
    assert!(answer.is_ok(), "{answer:?}");
    until_told(&world, "bob", "READ_ONLY").await?;
    world
        .slack()
        .person("guest")
        .click(CHANNEL, &root.ts, "Acknowledge")
        .await?;
    until_told(&world, "guest", "NOT_LINKED").await?;

    world.settled().await?;
    let now = world.admin().incident(incident.number).await?;
    assert_eq!((now.version, now.kinds()), (before.version, before.kinds()));
    let shown = world.root(incident.number, |_| true).await?;
    assert_eq!((shown.revisions, shown.replies.len()), (root.revisions, 0));
    Ok(())
}

async fn a_reply_of_someone_who_only_reads_is_not_a_comment_and_they_are_told(
    stack: Stack,
) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    world
        .member("Bob Baker", "bob@example.com", "STAKEHOLDER")
        .await?;
    let incident = world.admin().trigger("Payments are failing").await?;
    let root = world.root(incident.number, |_| true).await?;
    world
        .slack()
        .person("bob")
        .reply(CHANNEL, &root.ts, "When will it be over?")?;
    until_told(&world, "bob", "READ_ONLY").await?;
    world.settled().await?;
    let now = world.admin().incident(incident.number).await?;
    assert!(now.comments().is_empty());
    Ok(())
}

async fn the_second_to_press_is_told_who_was_first(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let alice = world
        .member("Alice Archer", "alice@example.com", "RESPONDER")
        .await?;
    world.member("Bob Baker", "bob@example.com", "RESPONDER").await?;
    let incident = world.admin().trigger("Payments are failing").await?;
    let root = world.root(incident.number, |_| true).await?;
    // Slack shows Bob the old buttons for as long as it can't be called.
    world.slack().add_fault(tocsin_simulator::Fault::down());
    alice.change("acknowledgeIncident", &incident.id).await?;
    let answer = world
        .slack()
        .person("bob")
        .click(CHANNEL, &root.ts, "Acknowledge")
        .await?;
    assert!(answer.is_ok(), "{answer:?}");
    world.slack().clear_faults();
    until_told(&world, "bob", "already acknowledged by Alice Archer").await?;
    let now = world.admin().incident(incident.number).await?;
    assert_eq!(now.kinds(), ["TRIGGERED", "ACKNOWLEDGED"]);
    Ok(())
}

/// The code that somebody was told.
fn code_of(told: &[String]) -> Option<String> {
    let (_, after) = told.iter().rev().find_map(|text| text.split_once("/link#"))?;
    Some(after.split_once('|')?.0.to_owned())
}

async fn who_is_not_linked_is_told_how_and_acts_as_the_member_once_they_have_confirmed_it(
    stack: Stack,
) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let gus = world.member("Gus Guest", "gus@example.com", "RESPONDER").await?;
    let incident = world.admin().trigger("Payments are failing").await?;
    let root = world.root(incident.number, |_| true).await?;
    let guest = world.slack().person("guest");
    let id = world
        .slack()
        .snapshot()
        .person("guest")
        .expect("a person")
        .id
        .clone();
    guest.reply(CHANNEL, &root.ts, "I see it too")?;
    until_told(&world, "guest", "link yourself").await?;
    guest.reply(CHANNEL, &root.ts, "Hello?")?;
    let twice = |channel: &ChannelSnapshot| {
        told(channel, &id)
            .iter()
            .filter(|text| text.contains("NOT_LINKED"))
            .count()
            == 2
    };
    world
        .slack()
        .wait_until(
            |snapshot| twice(snapshot.channel(CHANNEL).expect("the channel")),
            PATIENCE,
        )
        .await?;
    let prompts = told(&world.channel()?, &id)
        .iter()
        .filter(|text| text.contains("link yourself"))
        .count();
    assert_eq!(prompts, 1, "once");

    guest.command(CHANNEL, "/incident", "link").await?;
    until_told(&world, "guest", "link your account").await?;
    let code = code_of(&told(&world.channel()?, &id)).expect("a code");
    gus.change_with("confirmSlackIdentity", serde_json::json!({"code": code}))
        .await?;

    guest.reply(CHANNEL, &root.ts, "The provider is down")?;
    world
        .admin()
        .until(incident.number, |now| now.comments() == ["The provider is down"])
        .await?;
    let answer = guest.click(CHANNEL, &root.ts, "Acknowledge").await?;
    assert!(answer.is_ok(), "{answer:?}");
    let now = world
        .admin()
        .until(incident.number, |now| now.status == "ACKNOWLEDGED")
        .await?;
    let by = now.acknowledged_by.as_ref().map(|person| person.email.as_str());
    assert_eq!(by, Some("gus@example.com"));
    let said = now.comment("The provider is down").expect("it was waited for");
    assert_eq!(said.email(), Some("gus@example.com"));
    Ok(())
}

const SIGN_IN: &str = "mutation { linkSlackIdentity(input: {}) { url userErrors { code message } } }";

/// What a person is shown whom Slack sends back to this address.
async fn shown_to(world: &World, back: &url::Url) -> anyhow::Result<String> {
    // The public address leads to the bridge, as it does behind a proxy.
    let bridge = world.bridge(0).base();
    let query = back.query().unwrap_or_default();
    let url = format!("{}{}?{query}", bridge.trim_end_matches('/'), back.path());
    let browser = reqwest::Client::builder().no_proxy().build()?;
    Ok(browser.get(url).send().await?.text().await?)
}

async fn who_has_signed_in_with_slack_acts_as_the_member_who_asked_for_it(
    stack: Stack,
) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let gus = world.member("Gus Guest", "gus@example.com", "RESPONDER").await?;
    let incident = world.admin().trigger("Payments are failing").await?;
    let root = world.root(incident.number, |_| true).await?;
    let asked = gus.ask(SIGN_IN, &serde_json::json!({})).await?["linkSlackIdentity"].clone();
    let page: url::Url = asked["url"].as_str().expect("an address").parse()?;
    let guest = world.slack().person("guest");
    let back = guest.allow(&page)?;
    let shown = shown_to(&world, &back).await?;
    assert!(shown.contains("<code>OK</code>"), "{shown}");
    guest.reply(CHANNEL, &root.ts, "The provider is down")?;
    let now = world
        .admin()
        .until(incident.number, |now| now.comments() == ["The provider is down"])
        .await?;
    let said = now.comment("The provider is down").expect("it was waited for");
    assert_eq!(said.email(), Some("gus@example.com"));

    // Good once; and no code of Slack's helps whoever has no link of ours.
    let shown = shown_to(&world, &back).await?;
    assert!(shown.contains("LINK_USED"), "{shown}");
    let mut forged = back.clone();
    forged.set_query(Some("code=1&state=sealed1.0.0"));
    let shown = shown_to(&world, &forged).await?;
    assert!(shown.contains("LINK_INVALID"), "{shown}");
    Ok(())
}
