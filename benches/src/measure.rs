//! Triggers accepted, latency when idle, a burst drained.

use std::time::{Duration, Instant};

use anyhow::Context;
use tocsin_simulator::Call;

use crate::{
    http::Connection,
    stack::{KEY, Stack},
};

/// How long triggers are counted.
const COUNTED_FOR: Duration = Duration::from_secs(10);
/// Triggers sent one after another to see the latency when idle.
const SAMPLES: usize = 200;
/// The pause between them.
const PAUSE: Duration = Duration::from_millis(30);
/// Incidents in a burst.
const BURST: usize = 500;
/// Connections that send a burst.
const BURST_CONNECTIONS: usize = 16;
/// How long a message may take before the run is given up.
const SEEN_WITHIN: Duration = Duration::from_secs(60);

/// Triggers accepted a second by so many clients, each sending its next when the last is accepted.
pub(crate) async fn triggers(stack: &Stack, clients: usize) -> anyhow::Result<f64> {
    let began = Instant::now();
    let counts = futures::future::try_join_all((0..clients).map(|client| async move {
        let mut connection = Connection::open(&stack.address, KEY).await?;
        let mut count = 0_u32;
        while began.elapsed() < COUNTED_FOR {
            connection
                .trigger(&format!("Payments are failing ({client}/{count})"))
                .await?;
            count += 1;
        }
        anyhow::Ok(count)
    }))
    .await?;
    Ok(f64::from(counts.iter().sum::<u32>()) / began.elapsed().as_secs_f64())
}

/// From sending a trigger until Slack has the message, one at a time; sorted.
pub(crate) async fn latency(stack: &Stack) -> anyhow::Result<Vec<Duration>> {
    latency_of(stack, "Idle", SAMPLES).await
}

/// The same of so many triggers, under a name that no others have.
pub(crate) async fn latency_of(stack: &Stack, name: &str, count: usize) -> anyhow::Result<Vec<Duration>> {
    let mut connection = Connection::open(&stack.address, KEY).await?;
    let mut samples = Vec::with_capacity(count);
    for sample in 0..count {
        tokio::time::sleep(PAUSE).await;
        let title = format!("{name} {sample} ends");
        let before = stack.simulator.call_count();
        let began = Instant::now();
        let seen = stack.simulator.wait_for_later_call(
            before,
            |call| call.done && call.method == "chat.postMessage" && says(call, &title),
            SEEN_WITHIN,
        );
        let (accepted, seen) = tokio::join!(connection.trigger(&title), async {
            let call = seen.await;
            call.map(|_| began.elapsed())
        });
        accepted?;
        samples.push(seen.map_err(|_| anyhow::anyhow!("{title} was not seen in Slack"))?);
    }
    samples.sort_unstable();
    Ok(samples)
}

fn says(call: &Call, text: &str) -> bool {
    call.args
        .get("text")
        .and_then(|value| value.as_str())
        .is_some_and(|said| said.contains(text))
}

/// Messages a second, from the first trigger of a burst until Slack has a message for each.
pub(crate) async fn drain(stack: &Stack) -> anyhow::Result<f64> {
    let messages = || {
        stack
            .simulator
            .channel("incidents")
            .map_or(0, |channel| channel.app_messages().len())
    };
    let before = messages();
    let began = Instant::now();
    futures::future::try_join_all((0..BURST_CONNECTIONS).map(|client| async move {
        let mut connection = Connection::open(&stack.address, KEY).await?;
        for number in (client..BURST).step_by(BURST_CONNECTIONS) {
            connection.trigger(&format!("Burst {number}")).await?;
        }
        anyhow::Ok(())
    }))
    .await?;
    while messages() < before + BURST {
        if began.elapsed() > SEEN_WITHIN {
            anyhow::bail!("only {} of {BURST} messages were seen", messages() - before);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let count = u32::try_from(BURST).context("a burst")?;
    Ok(f64::from(count) / began.elapsed().as_secs_f64())
}
