//! More incidents than Slack takes messages.

use std::time::Duration;

use futures::future::try_join_all;
use tocsin_simulator::{CallLimits, ChannelSnapshot, Fault, FaultKind};
use tocsin_tests::{CHANNEL, Stack, World, digests, on_each_stack, roots, roots_of, shown_status};

/// As many as come in half a minute of a bad storm; here they come at once.
const INCIDENTS: usize = 60;

/// Slack takes one post a second: a storm takes its time.
const PATIENCE: Duration = Duration::from_secs(240);

/// The `Retry-After` that a post meets early in the storm; Slack's pace itself asks for a second.
const PUT_IN_THE_WAY: Duration = Duration::from_secs(3);

/// A call that had been begun before the refusal of another was heard.
const IN_FLIGHT: Duration = Duration::from_millis(500);

/// Clocks of two processes on one machine differ by less.
const CLOCKS: Duration = Duration::from_millis(50);

on_each_stack!(a_storm_becomes_messages_and_digests_that_are_kept_true);

async fn a_storm_becomes_messages_and_digests_that_are_kept_true(stack: Stack) -> anyhow::Result<()> {
    let plan = World::on(stack).pace("1", CallLimits::posts_per_second(1.0));
    let world = plan.start().await?;
    let refused = Fault::on(
        "chat.postMessage",
        FaultKind::RateLimited {
            retry_after: PUT_IN_THE_WAY.as_secs(),
        },
    );
    world.slack().add_fault(Fault { skip: 2, ..refused });
    let incidents = try_join_all((0..INCIDENTS).map(async |number| {
        let title = format!("Storm {number}");
        world.admin().trigger(&title).await
    }));
    let incidents = incidents.await?;
    all_show(&world, "TRIGGERED").await?;
    try_join_all(
        incidents
            .iter()
            .map(|incident| world.admin().change("resolveIncident", &incident.id)),
    )
    .await?;
    all_show(&world, "RESOLVED").await?;

    world.settled().await?;
    let channel = world.channel()?;
    let (own, digests) = (roots(&channel).len(), digests(&channel));
    assert!(
        !digests.is_empty() && own < INCIDENTS / 2,
        "{own} messages and {} digests",
        digests.len()
    );
    for incident in &incidents {
        let shown = roots_of(&channel, incident.number).len() + lines(&channel, incident.number).len();
        assert_eq!(shown, 1, "#{} is shown once", incident.number);
        let now = world.admin().incident(incident.number).await?;
        let states: Vec<_> = now.deliveries.iter().map(|delivery| &delivery.state).collect();
        assert!(!states.is_empty(), "the deliveries of #{}", incident.number);
        assert!(
            states
                .iter()
                .all(|state| ["POSTED", "UPDATED"].contains(&state.as_str())),
            "#{}: {:#?}",
            incident.number,
            now.deliveries
        );
    }
    retry_after_was_honoured(&world);
    Ok(())
}

/// Waits until each incident shows its state, in a message of its own or in a digest.
async fn all_show(world: &World, status: &str) -> anyhow::Result<()> {
    let shown = world.slack().wait_until(
        |snapshot| {
            let channel = snapshot.channel(CHANNEL).expect("the channel");
            (1..).take(INCIDENTS).all(|number| {
                let roots = roots_of(channel, number);
                let line = lines(channel, number).pop();
                roots.iter().any(|root| shown_status(root) == Some(status))
                    || line.is_some_and(|line| line.to_uppercase().contains(status))
            })
        },
        PATIENCE,
    );
    Ok(shown.await?)
}

/// The lines of the digests that tell of an incident.
fn lines(channel: &ChannelSnapshot, number: i64) -> Vec<String> {
    let link = format!("/incidents/{number}|#{number}>");
    let blocks = digests(channel)
        .into_iter()
        .flat_map(|digest| digest.blocks.clone());
    let texts = blocks.filter_map(|block| Some(block["text"]["text"].as_str()?.to_owned()));
    texts
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| line.contains(&link))
        .collect()
}

/// After each 429, Slack was left alone for as long as it asked for.
fn retry_after_was_honoured(world: &World) {
    let calls = world.slack().calls();
    let posts = || calls.iter().filter(|call| call.method == "chat.postMessage");
    let refused: Vec<_> = posts()
        .filter_map(|call| Some((call.at_micros, Duration::from_secs(call.retry_after?))))
        .collect();
    assert!(
        refused.iter().any(|(_, asked)| *asked == PUT_IN_THE_WAY),
        "the storm met the 429 that was put in its way: {refused:?}"
    );
    for (at_micros, asked) in refused {
        let pauses = posts().filter_map(|post| post.at_micros.checked_sub(at_micros));
        let called: Vec<_> = pauses
            .map(Duration::from_micros)
            .filter(|pause| *pause > IN_FLIGHT && *pause + CLOCKS < asked)
            .collect();
        assert!(
            called.is_empty(),
            "called after {called:?}, and not after {asked:?}"
        );
    }
}
