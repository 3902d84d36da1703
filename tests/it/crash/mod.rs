//! Incidents are worked from both sides while processes are killed and paused, clocks are set wrong, Redis is killed, emptied and
//! broken, and Slack fails in every way; afterwards Slack and the timeline tell the same, and everything once.

mod chaos;

use std::time::Duration;

use anyhow::Context;
use futures::{TryStreamExt, stream};
use rand::{Rng, SeedableRng, rngs::StdRng};
use tocsin_tests::{Stack, World, on_each_stack};

use crate::actors::{Actor, Expected, judge};

/// Each seed is another sequence of what people do, what is killed when, and how Slack fails.
const SEEDS: u64 = 20;

/// Worlds at the same time: most of their time they wait. One of servers is four processes.
const fn at_once(stack: Stack) -> usize {
    match stack {
        Stack::Embedded => 5,
        Stack::Servers => 2,
    }
}

const INCIDENTS: u64 = 5;

on_each_stack!(whatever_is_killed_slack_and_the_timeline_tell_the_same_and_all_of_it_once);

async fn whatever_is_killed_slack_and_the_timeline_tell_the_same_and_all_of_it_once(
    stack: Stack,
) -> anyhow::Result<()> {
    let seeds = stream::iter(seeds().map(|seed| Ok(survive(stack, seed))));
    seeds.try_buffer_unordered(at_once(stack)).try_collect().await
}

/// All of them, or those that are to be looked into: `7`, or `20..100`.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own setting, which cli does not know"
)]
fn seeds() -> std::ops::Range<u64> {
    match std::env::var("TOCSIN_TEST_SEED") {
        Ok(seeds) => {
            let number = |text: &str| text.parse().expect("TOCSIN_TEST_SEED is a number or a range");
            match seeds.split_once("..") {
                Some((first, end)) => number(first)..number(end),
                None => number(&seeds)..number(&seeds) + 1,
            }
        }
        Err(_) => 0..SEEDS,
    }
}

async fn survive(stack: Stack, seed: u64) -> anyhow::Result<()> {
    let mut random = StdRng::seed_from_u64(seed);
    // Of two, one takes over from the other, and must not be undone by it.
    let plan = World::on(stack).clocks().apis(2).bridges(2).slack(|slack| {
        slack.duplicate_events = random.random_bool(0.5);
        slack.reorder = random.random_bool(0.5);
        slack.retry_delays = [300, 1_000, 3_000, 8_000, 15_000]
            .map(Duration::from_millis)
            .to_vec();
    });
    let mut world = plan.start().await?;
    let outcome = play(&world, random).await;
    outcome.with_context(|| {
        format!(
            "seed {seed} (TOCSIN_TEST_SEED={seed} runs it alone); the whole logs are in {}",
            world.keep().display()
        )
    })
}

async fn play(world: &World, mut random: StdRng) -> anyhow::Result<()> {
    let mut actors = Vec::new();
    let (alice, bob) = (
        world
            .member("Alice Archer", "alice@example.com", "RESPONDER")
            .await?,
        world.member("Bob Baker", "bob@example.com", "RESPONDER").await?,
    );

    let other = usize::from(world.processes().len() > 1);
    let bob = bob.at(world.api(other).base());
    for number in 0..INCIDENTS {
        let client = if number % 2 == 0 { &alice } else { &bob };
        actors.push(Actor::new(world, client, number, StdRng::from_rng(&mut random)));
    }
    let played = futures::future::try_join_all(actors.iter_mut().map(Actor::play));
    let (expected, ended) = tokio::join!(played, chaos::run(world, &mut random));
    ended.context("healing")?;
    let expected: Vec<Expected> = expected?;
    judge(world, &alice, &expected).await
}
