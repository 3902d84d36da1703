//! What goes wrong.

use std::time::Duration;

use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use tocsin_simulator::{Fault, FaultKind};
use tocsin_tests::{Process, RedisFailure, World};

/// So often it strikes: long enough that most of what is done is done meanwhile.
const STRIKES: std::ops::Range<u32> = 12..20;

/// How long a process or a Redis hangs, in milliseconds: also longer than any claim is held.
const HANGS: std::ops::Range<u64> = 500..9_000;

/// How far a clock is set ahead or back, in seconds.
const STEPS: [i64; 4] = [3_600, -3_600, 20, -20];

/// How long a clock is wrong, in milliseconds.
const WRONG: std::ops::Range<u64> = 1_500..5_000;

/// Strikes; then everything runs again, Redis and Slack work, and the clocks are right.
pub(crate) async fn run(world: &World, random: &mut StdRng) -> anyhow::Result<()> {
    for _ in 0..random.random_range(STRIKES) {
        // When it strikes is what the seed decides.
        tokio::time::sleep(Duration::from_millis(random.random_range(50..1_500))).await;
        strike(world, random).await?;
    }
    world.slack().clear_faults();
    for process in world.processes() {
        process.ready().await?;
    }
    Ok(())
}

async fn strike(world: &World, random: &mut StdRng) -> anyhow::Result<()> {
    let down = Duration::from_millis(random.random_range(0..500));
    match random.random_range(0..14) {
        0..=3 => {
            let process = world.processes().choose(random).expect("a process");
            process.kill().await?;
            tokio::time::sleep(down).await;
            process.launch()?;
        }
        4 => {
            // All at once, as when the machine goes down.
            for process in world.processes() {
                process.kill().await?;
            }
            for process in world.processes() {
                process.launch()?;
            }
        }
        5 => {
            if let Some(redis) = world.redis() {
                redis.kill().await?;
                tokio::time::sleep(down).await;
                redis.restart().await?;
            }
        }
        6 => {
            if let Some(redis) = world.redis() {
                redis.flush().await?;
            }
        }
        7 => {
            let process = world.processes().choose(random).expect("a process");
            let hangs = Duration::from_millis(random.random_range(HANGS));
            process.pause().await?;
            tokio::time::sleep(hangs).await;
            process.resume().await?;
        }
        8 => {
            let failure = *RedisFailure::ALL.choose(random).expect("a failure");
            let hangs = Duration::from_millis(random.random_range(HANGS));
            if let Some(redis) = world.redis() {
                redis.fail(failure).await?;
                tokio::time::sleep(hangs).await;
                redis.mend(failure).await?;
            }
        }
        9 => {
            let process = world.processes().choose(random).expect("a process");
            set_wrong(process, random).await?;
        }
        _ => world.slack().add_fault(fault(random)),
    }
    Ok(())
}

/// Sets a clock wrong, and right again.
async fn set_wrong(process: &Process, random: &mut StdRng) -> anyhow::Result<()> {
    let step = STEPS.choose(random).expect("a step");
    let wrong = Duration::from_millis(random.random_range(WRONG));
    process.set_clock(*step)?;
    tokio::time::sleep(wrong).await;
    process.set_clock(0)
}

fn fault(random: &mut StdRng) -> Fault {
    let methods = ["chat.postMessage", "chat.update"];
    let method = methods.choose(random).expect("a method");
    let fault = match random.random_range(0..8) {
        0 | 1 => Fault::lost_answer(method),
        2 => Fault::on(method, FaultKind::HttpError { status: 500 }).after(),
        3 => Fault::on(method, FaultKind::HttpError { status: 503 }),
        4 => Fault::on(method, FaultKind::RateLimited { retry_after: 1 }),
        5 => Fault::on(method, FaultKind::Drop),
        6 => Fault::on(
            method,
            FaultKind::Error {
                error: "internal_error".to_owned(),
            },
        )
        .after(),
        _ => Fault::on(method, FaultKind::Slow { seconds: 1.0 }),
    };
    fault.times(random.random_range(1..=3))
}
