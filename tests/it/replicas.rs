//! Several replicas over one database are as one.

use std::time::Duration;

use rand::{SeedableRng, rngs::StdRng};
use tocsin_tests::{Client, Event, Stack, Subscription, World, shown};

use crate::actors::{Actor, judge};

async fn two_of_each() -> anyhow::Result<World> {
    World::on(Stack::Servers).apis(2).bridges(2).start().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_apis_and_two_bridges_tell_everything_once() -> anyhow::Result<()> {
    shown(everything_once().await)
}

async fn everything_once() -> anyhow::Result<()> {
    let world = two_of_each().await?;
    let alice = world
        .member("Alice Archer", "alice@example.com", "RESPONDER")
        .await?;
    let bob = world.member("Bob Baker", "bob@example.com", "RESPONDER").await?;
    let clients = [alice.at(world.api(0).base()), bob.at(world.api(1).base())];
    let mut actors: Vec<_> = (0..10)
        .map(|name| {
            let client = &clients[usize::from(name % 2 == 1)];
            Actor::new(&world, client, name, StdRng::seed_from_u64(name))
        })
        .collect();
    let played = futures::future::try_join_all(actors.iter_mut().map(Actor::play));
    // As a proxy before the bridges spreads Slack's requests.
    let spread = async {
        for turn in 0.. {
            world.send_slack_to(world.bridge(turn % 2))?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        anyhow::Ok(())
    };
    let expected = tokio::select! {
        played = played => played?,
        failed = spread => return failed,
    };
    judge(&world, &alice, &expected).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_of_one_replica_sees_what_is_done_at_the_other_and_resumes_at_either()
-> anyhow::Result<()> {
    shown(seen_and_resumed().await)
}

async fn seen_and_resumed() -> anyhow::Result<()> {
    let world = two_of_each().await?;
    let (here, there) = (world.admin().clone(), world.admin().at(world.api(1).base()));
    let incident = here.trigger("Payments are failing").await?;
    let mut subscription = Subscription::open(&there, Some(&here.newest_cursor().await?)).await?;
    here.comment(&incident.id, "Looking").await?;
    here.change("acknowledgeIncident", &incident.id).await?;
    there.change("resolveIncident", &incident.id).await?;
    let seen = subscription.take(3).await?;
    let kinds: Vec<_> = seen.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["COMMENT_ADDED", "INCIDENT_ACKNOWLEDGED", "INCIDENT_RESOLVED"]
    );

    // Its replica dies; what happens meanwhile is replayed by the other one, and then it goes on live.
    world.api(1).kill().await?;
    here.change("reopenIncident", &incident.id).await?;
    let mut resumed = Subscription::open(&here, Some(&seen[0].cursor)).await?;
    assert_eq!(resumed.take(2).await?, seen[1..]);
    assert_eq!(resumed.next().await?.kind, "INCIDENT_REOPENED");
    world.api(1).start().await?;
    there.change("acknowledgeIncident", &incident.id).await?;
    assert_eq!(resumed.next().await?.kind, "INCIDENT_ACKNOWLEDGED");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_at_both_replicas_are_seen_in_one_order_without_gap_or_double() -> anyhow::Result<()> {
    shown(one_order().await)
}

async fn one_order() -> anyhow::Result<()> {
    const WRITERS: usize = 8;
    const EACH: usize = 10;
    let world = two_of_each().await?;
    let admins = [0, 1].map(|api| world.admin().at(world.api(api).base()));
    admins[0].trigger("The first").await?;
    let first = admins[0].newest_cursor().await?;
    let mut subscriptions = Vec::new();
    for admin in &admins {
        subscriptions.push(Subscription::open(admin, Some(&first)).await?);
    }
    let write = |number: usize| {
        let admin = &admins[number % 2];
        async move {
            for turn in 0..EACH {
                admin.trigger(&format!("Trouble {number}-{turn}")).await?;
            }
            anyhow::Ok(())
        }
    };
    let written = futures::future::try_join_all((0..WRITERS).map(write));
    let seen = futures::future::try_join_all(subscriptions.iter_mut().map(|s| s.take(WRITERS * EACH)));
    // Someone who comes late, and resumes again and again.
    let (_, seen, late) = tokio::try_join!(written, seen, in_pieces(&admins, first, WRITERS * EACH))?;
    let numbers: Vec<_> = seen[0].iter().map(|event| event.number).collect();
    let all: Vec<_> = (2..).take(WRITERS * EACH).collect();
    assert_eq!(
        numbers, all,
        "the order of the events is the order of the numbers"
    );
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], late);
    Ok(())
}

/// Sees all events by many short subscriptions, at each replica in turn.
async fn in_pieces(clients: &[Client; 2], first: String, many: usize) -> anyhow::Result<Vec<Event>> {
    let mut events: Vec<Event> = Vec::new();
    for turn in 0.. {
        let after = events.last().map_or(&first, |event| &event.cursor).clone();
        let mut piece = Subscription::open(&clients[turn % 2], Some(&after)).await?;
        events.extend(piece.take((many - events.len()).min(7)).await?);
        if events.len() == many {
            break;
        }
    }
    Ok(events)
}
