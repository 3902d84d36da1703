//! The path of an incident, in both directions.

use serde_json::json;
use tocsin_simulator::MessageSnapshot;
use tocsin_tests::{CHANNEL, PATIENCE, Stack, World, on_each_stack, roots_of, shown_status};
use url::Url;

const RED: &str = "#d92d20";
const GREEN: &str = "#12b76a";

on_each_stack!(
    a_triggered_incident_becomes_one_message_that_tells_it,
    each_change_updates_the_message_in_place_and_adds_one_reply,
    a_reply_in_the_thread_becomes_a_comment_and_is_not_echoed,
    a_comment_made_through_the_api_appears_under_its_authors_name_and_is_not_read_back,
    a_pasted_link_gets_a_preview_that_changes_when_the_incident_does,
    a_request_id_follows_an_incident_from_the_mutation_to_the_call_of_slack,
    what_is_sent_twice_under_one_key_happens_once,
);

/// The labels of its buttons.
fn labels(message: &MessageSnapshot) -> Vec<String> {
    message.buttons().into_iter().map(|button| button.label).collect()
}

async fn a_triggered_incident_becomes_one_message_that_tells_it(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let input = json!({"title": "Payments are failing", "descriptionMarkdown": "Cards are **declined**.",
        "urgency": "HIGH", "severity": "SEV2", "tags": [{"key": "region", "value": "eu"}]});
    let incident = world.admin().trigger_with(input).await?;
    let root = world.root(incident.number, |_| true).await?;

    assert_eq!(
        root.text,
        "#1 Payments are failing (Triggered, High urgency, Default service)"
    );
    assert_eq!(root.attachments[0]["color"], RED);
    assert_eq!(root.attachments[0]["fallback"], root.text);
    let words = root.words();
    for told in [
        "#1 Payments are failing",
        "Triggered",
        "SEV2",
        "Default service",
        "region: eu",
        "*declined*",
    ] {
        assert!(words.contains(told), "{told:?} is missing in {words}");
    }
    assert_eq!(labels(&root), ["Acknowledge", "Resolve", "View"]);
    let view = root.buttons().remove(2);
    assert_eq!(view.url.as_deref(), Some(incident.url.as_str()));

    let now = world
        .admin()
        .until(incident.number, |now| {
            now.root_delivery().is_some_and(|root| root.state == "POSTED")
        })
        .await?;
    let delivery = now.root_delivery().expect("it was waited for");
    assert_eq!((delivery.channel.as_str(), delivery.attempts), ("#incidents", 1));
    assert_eq!(delivery.last_error, None);
    assert!(delivery.lag_milliseconds.is_some());
    world.settled().await?;
    assert_eq!(roots_of(&world.channel()?, incident.number).len(), 1);
    Ok(())
}

async fn each_change_updates_the_message_in_place_and_adds_one_reply(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let alice = world
        .member("Alice Archer", "alice@example.com", "RESPONDER")
        .await?;
    let incident = alice.trigger("Payments are failing").await?;
    let first = world.root(incident.number, |_| true).await?;

    alice.change("acknowledgeIncident", &incident.id).await?;
    let root = world
        .root(incident.number, |root| {
            shown_status(root) == Some("ACKNOWLEDGED") && root.replies.len() == 1
        })
        .await?;
    assert_eq!(root.ts, first.ts);
    assert!(root.words().contains("Alice Archer"));
    assert_eq!(labels(&root), ["Resolve", "View"]);
    assert!(root.replies[0].text.contains("Alice Archer"));
    assert!(root.replies[0].text.contains("acknowledged the incident"));

    let note = json!({"id": incident.id, "noteMarkdown": "The card processor is **back**."});
    alice.change_with("resolveIncident", note).await?;
    let root = world
        .root(incident.number, |root| {
            shown_status(root) == Some("RESOLVED") && root.replies.len() == 2
        })
        .await?;
    assert_eq!(
        (&root.ts, &root.attachments[0]["color"]),
        (&first.ts, &json!(GREEN))
    );
    assert_eq!(labels(&root), ["Reopen", "View"]);
    assert!(root.replies[1].text.contains("resolved the incident"));
    assert!(root.replies[1].words().contains("The card processor is *back*."));

    alice.change("reopenIncident", &incident.id).await?;
    let root = world
        .root(incident.number, |root| {
            shown_status(root) == Some("TRIGGERED") && root.replies.len() == 3
        })
        .await?;
    assert_eq!(
        (&root.ts, &root.attachments[0]["color"]),
        (&first.ts, &json!(RED))
    );
    assert!(root.replies[2].text.contains("reopened the incident"));

    // Once more: what was done before is done again, and not taken for it.
    alice.change("acknowledgeIncident", &incident.id).await?;
    world
        .root(incident.number, |root| root.replies.len() == 4)
        .await?;
    world.settled().await?;
    let channel = world.channel()?;
    let roots = roots_of(&channel, incident.number);
    assert_eq!((roots.len(), roots[0].replies.len()), (1, 4));
    assert!(
        roots[0].replies.iter().all(|reply| !reply.edited),
        "replies are said once"
    );
    Ok(())
}

async fn a_reply_in_the_thread_becomes_a_comment_and_is_not_echoed(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    world
        .member("Alice Archer", "alice@example.com", "RESPONDER")
        .await?;
    world.admin().unmatched("ATTRIBUTE").await?;
    let incident = world.admin().trigger("Payments are failing").await?;
    let root = world.root(incident.number, |_| true).await?;

    world
        .slack()
        .person("alice")
        .reply(CHANNEL, &root.ts, "The *database* is full")?;
    // Not in a thread of ours: talk, and no comment.
    world
        .slack()
        .person("bob")
        .post(CHANNEL, "Is anybody looking at this?")?;
    world
        .slack()
        .person("guest")
        .reply(CHANNEL, &root.ts, "I see it too")?;
    let said = ["The **database** is full", "I see it too"];
    let now = world
        .admin()
        .until(incident.number, |now| now.comments() == said)
        .await?;

    let by_member = now.comment(said[0]).expect("it was waited for");
    assert_eq!(by_member.source, "SLACK");
    assert_eq!(by_member.email(), Some("alice@example.com"));
    let by_guest = now.comment(said[1]).expect("it was waited for");
    let author = by_guest.author.as_ref().expect("an author");
    assert_eq!(
        (author.name.as_str(), author.email.as_deref()),
        ("Gus Guest", None)
    );

    world.settled().await?;
    let root = world.root(incident.number, |_| true).await?;
    assert!(
        root.replies.iter().all(|reply| !reply.is_from_app),
        "echoed: {:#?}",
        root.replies
    );
    Ok(())
}

async fn a_comment_made_through_the_api_appears_under_its_authors_name_and_is_not_read_back(
    stack: Stack,
) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let bob = world.member("Bob Baker", "bob@example.com", "RESPONDER").await?;
    let incident = bob.trigger("Payments are failing").await?;
    bob.comment(&incident.id, "Failing over to **the standby**")
        .await?;
    let root = world
        .root(incident.number, |root| root.replies.len() == 1)
        .await?;
    let reply = &root.replies[0];
    assert!(reply.is_from_app);
    assert_eq!(reply.author, "Bob Baker");
    assert!(reply.words().contains("Failing over to *the standby*"));

    world.admin().unmatched("ATTRIBUTE").await?;
    // Slack tells the bridge of its own reply too, and after that of this one.
    world
        .slack()
        .person("carol")
        .reply(CHANNEL, &root.ts, "Thank you")?;
    let said = ["Failing over to **the standby**", "Thank you"];
    let now = world
        .admin()
        .until(incident.number, |now| now.comments().contains(&said[1]))
        .await?;
    world.settled().await?;
    assert_eq!(now.comments(), said);
    let root = world.root(incident.number, |_| true).await?;
    assert_eq!(root.replies.len(), 2);
    Ok(())
}

async fn a_pasted_link_gets_a_preview_that_changes_when_the_incident_does(
    stack: Stack,
) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let carol = world
        .member("Carol Chen", "carol@example.com", "STAKEHOLDER")
        .await?;
    drop(carol);
    let incident = world.admin().trigger("Payments are failing").await?;
    let url = Url::parse(&incident.url)?;
    let ts = world.slack().person("carol").paste_link("general", &url)?;
    let shows = |text: &'static str| {
        let ts = ts.clone();
        world.slack().wait_until(
            move |snapshot| {
                let general = snapshot.channel("general").expect("the channel");
                let message = general.message(&ts).expect("the message");
                let previews = message.previews();
                previews.len() == 1 && previews[0].to_string().contains(text)
            },
            PATIENCE,
        )
    };
    shows("Triggered").await?;
    shows("Payments are failing").await?;
    world.admin().change("acknowledgeIncident", &incident.id).await?;
    shows("Acknowledged").await?;
    world.admin().change("resolveIncident", &incident.id).await?;
    shows("Resolved").await?;
    Ok(())
}

async fn a_request_id_follows_an_incident_from_the_mutation_to_the_call_of_slack(
    stack: Stack,
) -> anyhow::Result<()> {
    const TRIGGER: &str = "mutation { triggerIncident(input: {title: \"Traced\"}) { incident { number } userErrors { code } } }";
    let world = World::on(stack).start().await?;
    let id = "e2e-0123456789abcdef";
    let answer = world.admin().send_as(Some(id), TRIGGER, &json!({})).await?;
    assert!(answer.is_clean(), "{}", answer.body);
    world.root(1, |_| true).await?;
    world.settled().await?;
    let logged = |number: usize, message: &str| {
        let lines = world.processes()[number].log();
        lines
            .iter()
            .any(|line| line.has("request.id", id) && line.message().contains(message))
    };
    assert!(logged(0, "mutation answered"), "the API's log");
    let bridge = world.processes().len() - 1;
    assert!(logged(bridge, "called chat.postMessage"), "the bridge's log");
    Ok(())
}

async fn what_is_sent_twice_under_one_key_happens_once(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let input = json!({"title": "Payments are failing", "idempotencyKey": "trigger-1"});
    let first = world.admin().trigger_with(input.clone()).await?;
    let second = world.admin().trigger_with(input).await?;
    assert_eq!(first, second);
    let comment = json!({"incidentId": first.id, "bodyMarkdown": "Once", "idempotencyKey": "comment-1"});
    for _ in 0..3 {
        world.admin().change_with("addComment", comment.clone()).await?;
    }
    world.root(first.number, |root| root.replies.len() == 1).await?;
    world.settled().await?;
    let now = world.admin().incident(first.number).await?;
    assert_eq!(now.comments(), ["Once"]);
    assert_eq!(world.count("incident").await?, 1);
    assert_eq!(world.root(first.number, |_| true).await?.replies.len(), 1);
    Ok(())
}
