//! How soon an incident is in Slack while Redis fails, and once it works again.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::bail;

use crate::{
    measure,
    servers::{Servers, run},
    stack::Stack,
};

/// Triggers in each state, one after another.
const SAMPLES: usize = 40;
/// How long the processes may take to notice that Redis works.
const NOTICED_WITHIN: Duration = Duration::from_secs(10);

/// What Redis does instead of its work.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Failure {
    Hung,
    Full,
    ReadOnly,
    Locked,
    /// Last, since it is not started again.
    Down,
}

impl Failure {
    pub(crate) const ALL: [Self; 5] = [Self::Hung, Self::Full, Self::ReadOnly, Self::Locked, Self::Down];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hung => "Redis hangs",
            Self::Full => "Redis is full",
            Self::ReadOnly => "Redis is read-only",
            Self::Locked => "Redis refuses the password",
            Self::Down => "no Redis",
        }
    }
}

/// From sending a trigger until Slack has the message, one at a time, sorted: while Redis fails, and afterwards.
pub(crate) struct Latencies {
    pub(crate) during: Vec<Duration>,
    /// None where it stays as it is.
    pub(crate) after: Option<Vec<Duration>>,
}

/// Measures one state.
pub(crate) async fn measure(stack: &Stack, servers: &Servers, failure: Failure) -> anyhow::Result<Latencies> {
    fail(servers, failure)?;
    let during = measure::latency_of(stack, &format!("{failure:?} during"), SAMPLES).await?;
    if !mend(servers, failure)? {
        return Ok(Latencies { during, after: None });
    }
    let began = Instant::now();
    while stack.tells_of_queue().await? {
        if began.elapsed() > NOTICED_WITHIN {
            bail!("the processes do not notice that Redis works again");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let after = measure::latency_of(stack, &format!("{failure:?} after"), SAMPLES).await?;
    Ok(Latencies {
        during,
        after: Some(after),
    })
}

fn fail(servers: &Servers, failure: Failure) -> anyhow::Result<()> {
    match failure {
        Failure::Hung => servers.signal_redis("-STOP"),
        Failure::Full => servers.redis(&["CONFIG", "SET", "maxmemory", "1"]),
        Failure::ReadOnly => servers.redis(&["REPLICAOF", "127.0.0.1", "1"]),
        Failure::Locked => {
            servers.redis(&["CONFIG", "SET", "requirepass", "another"])?;
            servers.redis(&["-a", "another", "CLIENT", "KILL", "TYPE", "pubsub"])?;
            servers.redis(&["-a", "another", "CLIENT", "KILL", "TYPE", "normal"])
        }
        Failure::Down => servers.signal_redis("-KILL"),
    }
}

/// Whether it could be mended.
fn mend(servers: &Servers, failure: Failure) -> anyhow::Result<bool> {
    match failure {
        Failure::Hung => servers.signal_redis("-CONT")?,
        Failure::Full => servers.redis(&["CONFIG", "SET", "maxmemory", "0"])?,
        Failure::ReadOnly => servers.redis(&["REPLICAOF", "NO", "ONE"])?,
        Failure::Locked => servers.redis(&["-a", "another", "CONFIG", "SET", "requirepass", ""])?,
        Failure::Down => return Ok(false),
    }
    Ok(true)
}

impl Servers {
    fn redis(&self, command: &[&str]) -> anyhow::Result<()> {
        let port = self.redis_port().to_string();
        run(Command::new("redis-cli").args(["-p", &port]).args(command)).map(|_| ())
    }

    fn signal_redis(&self, signal: &str) -> anyhow::Result<()> {
        run(Command::new("kill").args([signal, &self.redis_pid().to_string()])).map(|_| ())
    }
}
