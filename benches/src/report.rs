//! `BENCHMARKS.md`: the figures, the machine, the date and what they are compared with.

use std::{fmt::Write as _, time::Duration};

use anyhow::Context;
use time::macros::format_description;

use crate::{
    abuse::Abuse,
    acks::Acks,
    outage::{Failure, Latencies},
    replies::Replies,
    stack::Kind,
    terminal::say,
};

/// The rows of the table, as they come in.
pub(crate) struct Report {
    rows: String,
    /// What else the machine was doing when the run began: figures of a busy one are too low.
    load: String,
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1_000.0)
}

/// Of durations in order.
fn percentiles(sorted: &[Duration]) -> String {
    let at = |percent: usize| {
        let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
        milliseconds(sorted.get(index).copied().unwrap_or_default())
    };
    format!("p50 {}, p95 {}, p99 {}", at(50), at(95), at(99))
}

fn megabytes(memory: &[(&'static str, u64)]) -> String {
    let each: Vec<_> = memory
        .iter()
        .map(|(role, bytes)| format!("{role} {} MB", bytes / 1_000_000))
        .collect();
    each.join(", ")
}

impl Report {
    pub(crate) fn begin() -> anyhow::Result<Self> {
        let load = std::fs::read_to_string("/proc/loadavg")?;
        let load = load
            .split_whitespace()
            .next()
            .context("a load average")?
            .to_owned();
        Ok(Self {
            rows: String::new(),
            load,
        })
    }

    fn row(&mut self, what: &str, on: &str, figure: &str, target: &str) {
        say(&format!("{what} · {on}: {figure}"));
        // Writing to a String can't fail.
        let _written = writeln!(self.rows, "| {what} | {on} | {figure} | {target} |");
    }

    pub(crate) fn ready(&mut self, kind: Kind, took: Duration) {
        self.row(
            "start → ready, second start",
            kind.name(),
            &milliseconds(took),
            "300 ms",
        );
    }

    pub(crate) fn triggers(&mut self, kind: Kind, clients: usize, rate: f64) {
        let target = if clients == 64 { "3,000/s" } else { "" };
        self.row(
            &format!("triggers accepted, {clients} clients"),
            kind.name(),
            &format!("{rate:.0}/s"),
            target,
        );
    }

    pub(crate) fn latency(&mut self, kind: Kind, sorted: &[Duration]) {
        self.row(
            "trigger → Slack message, idle",
            kind.name(),
            &percentiles(sorted),
            "p95 20 ms",
        );
    }

    pub(crate) fn outage(&mut self, failure: Failure, latencies: &Latencies) {
        let on = Kind::Postgres.name();
        let what = format!("trigger → Slack message, {}", failure.name());
        self.row(&what, on, &percentiles(&latencies.during), "p95 3 s");
        if let Some(after) = &latencies.after {
            self.row(
                &format!("{what}: once it works again"),
                on,
                &percentiles(after),
                "p95 20 ms",
            );
        }
    }

    pub(crate) fn acks(&mut self, kind: Kind, acks: &Acks) {
        self.row(
            "Slack's event → our answer, one at a time",
            kind.name(),
            &percentiles(&acks.alone),
            "",
        );
        self.row(
            "Slack's event → our answer, 500 a second for 30 s",
            kind.name(),
            &percentiles(&acks.rain),
            "p99 100 ms",
        );
    }

    pub(crate) fn drain(&mut self, kind: Kind, rate: f64) {
        self.row(
            "a burst of 500 drained",
            kind.name(),
            &format!("{rate:.0} posts/s"),
            "500 posts/s",
        );
    }

    pub(crate) fn timers(&mut self, kind: Kind, sorted: &[Duration]) {
        let on = if kind == Kind::Sqlite {
            "SQLite, an api alone"
        } else {
            "PostgreSQL + Redis, an api alone"
        };
        let what = format!("timer due → its event heard, {} due at once", sorted.len());
        self.row(&what, on, &percentiles(sorted), "p99 1 s");
    }

    pub(crate) fn replies(&mut self, kind: Kind, replies: &Replies) {
        let what = format!("{} replies sent at once → all on the timeline", replies.count);
        let figure = format!(
            "{}, {} out of place",
            milliseconds(replies.took),
            replies.misplaced
        );
        self.row(&what, kind.name(), &figure, "3 s, 0 out of place");
    }

    pub(crate) fn fanout(&mut self, subscribers: usize, told: Duration, memory: &[(&'static str, u64)]) {
        let what = format!("event → last of {subscribers} subscribers");
        self.row(
            &what,
            Kind::Sqlite.name(),
            &format!("{}; {}", milliseconds(told), megabytes(memory)),
            "",
        );
    }

    fn memory_row(&mut self, when: &str, kind: Kind, memory: &[(&'static str, u64)]) {
        let target = if kind == Kind::Sqlite {
            "60 MB"
        } else {
            "80 MB each"
        };
        self.row(
            &format!("memory, {when}"),
            kind.name(),
            &megabytes(memory),
            target,
        );
    }

    pub(crate) fn idle_memory(&mut self, kind: Kind, memory: &[(&'static str, u64)]) {
        self.memory_row("just started", kind, memory);
    }

    pub(crate) fn busy_memory(&mut self, kind: Kind, memory: &[(&'static str, u64)]) {
        self.memory_row("after the triggers", kind, memory);
    }

    pub(crate) fn drained_memory(&mut self, kind: Kind, memory: &[(&'static str, u64)]) {
        self.memory_row("after the burst", kind, memory);
    }

    pub(crate) fn abuse(&mut self, kind: Kind, abuse: &Abuse) {
        for (what, memory) in [
            ("16 questions about the schema of 36 kB", &abuse.introspection),
            ("1,100 silent connections", &abuse.silent),
            ("300 unfinished bodies of 1 MB", &abuse.unfinished),
        ] {
            let what = format!("memory under abuse: {what}");
            self.row(&what, kind.name(), &megabytes(memory), "150 MB each");
        }
    }

    pub(crate) fn pgbench(&mut self, clients: usize, rate: f64) {
        let what = format!("pgbench, the same rows, {clients} clients");
        self.row(
            &what,
            "PostgreSQL alone",
            &format!("{rate:.0} transactions/s"),
            "",
        );
    }

    /// Says the rows.
    pub(crate) fn say(&self) -> anyhow::Result<()> {
        use std::io::Write;
        std::io::stdout().write_all(self.rows.as_bytes())?;
        Ok(())
    }

    pub(crate) fn write(self) -> anyhow::Result<()> {
        let date = tocsin_clock::machine_now().format(format_description!("[year]-[month]-[day]"))?;
        let text = format!(
            "# Benchmarks\n\n\
             Measured on {date}, on {}, with a load average of {} before the run, by\n\n```sh\ncargo build --release -p tocsin-cli -p tocsin-benches && target/release/tocsin-benches\n```\n\n\
             which starts everything itself: the release binary, a private PostgreSQL and Redis with their own settings (every commit\n\
             is synced, on SQLite too), and the simulated Slack without limits inside the load generator. The load comes from the same\n\
             two cores. Triggers are counted while the bridge works at Slack's documented pace; latency and the burst with\n\
             `TOCSIN_SLACK_PACE=unlimited`. Of Slack's events one in five is a reply in an incident's thread, which becomes a comment\n\
             meanwhile; an answer is timed from the moment when its event was due.\n\n\
             | what | on | measured | to reach |\n|---|---|---|---|\n{}\n\
             For comparison, the best comparable open systems on such a machine: 187 ms idle p95, 109 triggers accepted a second,\n\
             19.5 posts a second drained, 950 MB. The rows of `pgbench` are from the same run: what PostgreSQL takes when each trigger\n\
             is a transaction of its own; Tocsin commits those that arrive together in one.\n",
            machine()?,
            self.load,
            self.rows,
        );
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/../BENCHMARKS.md"), text)?;
        Ok(())
    }
}

fn machine() -> anyhow::Result<String> {
    let cpu = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = cpu
        .lines()
        .find_map(|line| {
            line.strip_prefix("model name")?
                .split_once(": ")
                .map(|(_, name)| name.to_owned())
        })
        .unwrap_or_else(|| "an unnamed processor".to_owned());
    let memory = std::fs::read_to_string("/proc/meminfo")?;
    let kilobytes: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .context("MemTotal")?
        .trim()
        .trim_end_matches(" kB")
        .parse()?;
    let cores = std::thread::available_parallelism()?;
    Ok(format!(
        "{cores} cores of {model}, {} GiB, Linux",
        kilobytes / 1_048_576
    ))
}
