//! Benchmarks of Tocsin as a user meets it: the real binary, real PostgreSQL and Redis, the simulated Slack without limits.
//!
//! `cargo build --release -p tocsin-cli -p tocsin-benches && target/release/tocsin-benches` measures everything and writes
//! `BENCHMARKS.md`. With an argument it measures one thing, says it, and writes nothing: `acks` (the answers to Slack's events),
//! `timers`, `replies`, `abuse` (memory under abuse) or `redis` (the latency while Redis fails). It starts what it needs and ends all
//! of it again. The load comes from the same machine, so the figures are what is left beside it.

mod abuse;
mod acks;
mod fanout;
mod http;
mod measure;
mod outage;
mod pgbench;
mod replies;
mod report;
mod servers;
mod stack;
mod terminal;
mod timers;

use std::path::Path;

use anyhow::Context;

use crate::{
    outage::Failure,
    report::Report,
    servers::Servers,
    stack::{Kind, Pace, Stack},
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("another cryptography provider is installed"))?;
    let mut report = Report::begin()?;
    let binary = stack::binary()?;
    let servers = Servers::start()
        .await
        .context("PostgreSQL and Redis are needed: `./test` says how to install them")?;
    match std::env::args().nth(1).as_deref() {
        None => {
            everything(&mut report, &binary, &servers).await?;
            servers.stop();
            return report.write();
        }
        Some("acks") => {
            for kind in KINDS {
                measure_acks(&mut report, &binary, kind, &servers).await?;
            }
        }
        Some("timers") => {
            for kind in KINDS {
                measure_timers(&mut report, &binary, kind, &servers).await?;
            }
        }
        Some("replies") => {
            for kind in KINDS {
                measure_replies(&mut report, &binary, kind, &servers).await?;
            }
        }
        Some("abuse") => abuse(&mut report, &binary, &servers).await?,
        Some("redis") => outages(&mut report, &binary, &servers).await?,
        Some(other) => {
            anyhow::bail!(
                "there is no benchmark {other}: acks, timers, replies, abuse, redis, or none of these for all"
            )
        }
    }
    servers.stop();
    report.say()
}

const KINDS: [Kind; 2] = [Kind::Sqlite, Kind::Postgres];

/// All that `BENCHMARKS.md` tells of.
async fn everything(report: &mut Report, binary: &Path, servers: &Servers) -> anyhow::Result<()> {
    for kind in KINDS {
        let stack = Stack::start(binary, kind, Pace::Documented, servers).await?;
        report.ready(kind, stack.ready_again(binary, servers).await?);
        report.idle_memory(kind, &stack.memory()?);
        report.triggers(kind, 1, measure::triggers(&stack, 1).await?);
        report.triggers(kind, 64, measure::triggers(&stack, 64).await?);
        report.busy_memory(kind, &stack.memory()?);
        stack.stop().await;

        let stack = Stack::start(binary, kind, Pace::Unlimited, servers).await?;
        report.latency(kind, &measure::latency(&stack).await?);
        report.drain(kind, measure::drain(&stack).await?);
        report.drained_memory(kind, &stack.memory()?);
        stack.stop().await;

        measure_acks(report, binary, kind, servers).await?;
        measure_timers(report, binary, kind, servers).await?;
        measure_replies(report, binary, kind, servers).await?;
    }
    abuse(report, binary, servers).await?;
    for subscribers in [1_000, 10_000] {
        let stack = Stack::start(binary, Kind::Sqlite, Pace::Documented, servers).await?;
        let told = fanout::measure(&stack, subscribers).await?;
        report.fanout(subscribers, told, &stack.memory()?);
        stack.stop().await;
    }
    // Redis does not run any more after this.
    outages(report, binary, servers).await?;
    for clients in [1, 64] {
        report.pgbench(clients, pgbench::measure(servers, clients).await?);
    }
    Ok(())
}

/// Memory under what somebody without a key can do.
async fn abuse(report: &mut Report, binary: &Path, servers: &Servers) -> anyhow::Result<()> {
    for kind in KINDS {
        let stack = Stack::start(binary, kind, Pace::Documented, servers).await?;
        report.abuse(kind, &abuse::measure(&stack).await?);
        stack.stop().await;
    }
    Ok(())
}

/// The answers to Slack's events.
async fn measure_acks(
    report: &mut Report,
    binary: &Path,
    kind: Kind,
    servers: &Servers,
) -> anyhow::Result<()> {
    let stack = Stack::start(binary, kind, Pace::Documented, servers).await?;
    report.acks(kind, &acks::measure(&stack).await?);
    stack.stop().await;
    Ok(())
}

/// Timers that are due at once.
async fn measure_timers(
    report: &mut Report,
    binary: &Path,
    kind: Kind,
    servers: &Servers,
) -> anyhow::Result<()> {
    let stack = Stack::start_api(binary, kind, servers).await?;
    report.timers(kind, &timers::measure(&stack).await?);
    stack.stop().await;
    Ok(())
}

/// Replies that come at once.
async fn measure_replies(
    report: &mut Report,
    binary: &Path,
    kind: Kind,
    servers: &Servers,
) -> anyhow::Result<()> {
    let stack = Stack::start(binary, kind, Pace::Documented, servers).await?;
    report.replies(kind, &replies::measure(&stack).await?);
    stack.stop().await;
    Ok(())
}

/// The latency in each state of Redis that is none to work in.
async fn outages(report: &mut Report, binary: &Path, servers: &Servers) -> anyhow::Result<()> {
    let stack = Stack::start(binary, Kind::Postgres, Pace::Unlimited, servers).await?;
    for failure in Failure::ALL {
        report.outage(failure, &outage::measure(&stack, servers, failure).await?);
    }
    stack.stop().await;
    Ok(())
}
