//! Benchmarks of Tocsin as a user meets it: the real binary, real PostgreSQL and Redis, the simulated Slack without limits.
//!
//! `cargo build --release -p tocsin-cli -p tocsin-benches && target/release/tocsin-benches` starts everything it needs, writes
//! `BENCHMARKS.md` and ends all of it again; with `-- acks` it measures the answers to Slack's events alone, with `-- abuse` memory under abuse, with `-- order`
//! timers and replies, with `-- redis` what becomes of the latency while Redis fails; it says them, and writes nothing. The load comes from the same machine, so the figures are what is left beside it.

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
    let only = std::env::args().nth(1);
    if only.as_deref() == Some("redis") {
        outages(&mut report, &binary, &servers).await?;
        servers.stop();
        return report.say();
    }
    if only.as_deref() == Some("acks") {
        for kind in [Kind::Sqlite, Kind::Postgres] {
            let stack = Stack::start(&binary, kind, Pace::Documented, &servers).await?;
            report.acks(kind, &acks::measure(&stack).await?);
            stack.stop().await;
        }
        servers.stop();
        return report.say();
    }
    if std::env::args().nth(1).as_deref() == Some("abuse") {
        abuse(&binary, &servers, &mut report).await?;
        servers.stop();
        return report.say();
    }
    if std::env::args().nth(1).as_deref() == Some("order") {
        for kind in [Kind::Sqlite, Kind::Postgres] {
            measure_order(&binary, kind, &servers, &mut report).await?;
        }
        servers.stop();
        return report.say();
    }
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let stack = Stack::start(&binary, kind, Pace::Documented, &servers).await?;
        report.ready(kind, stack.ready_again(&binary, &servers).await?);
        report.idle_memory(kind, &stack.memory()?);
        report.triggers(kind, 1, measure::triggers(&stack, 1).await?);
        report.triggers(kind, 64, measure::triggers(&stack, 64).await?);
        report.busy_memory(kind, &stack.memory()?);
        stack.stop().await;

        let stack = Stack::start(&binary, kind, Pace::Unlimited, &servers).await?;
        report.latency(kind, &measure::latency(&stack).await?);
        report.drain(kind, measure::drain(&stack).await?);
        report.drained_memory(kind, &stack.memory()?);
        stack.stop().await;

        let stack = Stack::start(&binary, kind, Pace::Documented, &servers).await?;
        report.acks(kind, &acks::measure(&stack).await?);
        stack.stop().await;

        measure_order(&binary, kind, &servers, &mut report).await?;
    }
    abuse(&binary, &servers, &mut report).await?;
    for subscribers in [1_000, 10_000] {
        let stack = Stack::start(&binary, Kind::Sqlite, Pace::Documented, &servers).await?;
        let told = fanout::measure(&stack, subscribers).await?;
        report.fanout(subscribers, told, &stack.memory()?);
        stack.stop().await;
    }
    // Redis does not run any more after this.
    outages(&mut report, &binary, &servers).await?;
    for clients in [1, 64] {
        report.pgbench(clients, pgbench::measure(&servers, clients).await?);
    }
    servers.stop();
    report.write()
}

/// Memory under what somebody without a key can do.
async fn abuse(binary: &Path, servers: &Servers, report: &mut Report) -> anyhow::Result<()> {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let stack = Stack::start(binary, kind, Pace::Documented, servers).await?;
        report.abuse(kind, &abuse::measure(&stack).await?);
        stack.stop().await;
    }
    Ok(())
}

/// Timers that are due at once, and replies that come at once.
async fn measure_order(
    binary: &Path,
    kind: Kind,
    servers: &Servers,
    report: &mut Report,
) -> anyhow::Result<()> {
    let stack = Stack::start_api(binary, kind, servers).await?;
    report.timers(kind, &timers::measure(&stack).await?);
    stack.stop().await;

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
