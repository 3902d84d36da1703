//! The processes that are measured, on one database.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use tempfile::TempDir;
use tocsin_simulator::{CallLimits, Simulator, SimulatorConfig};

use crate::servers::{Servers, free_port, run};

/// The admin's key on every stack.
pub(crate) const KEY: &str = "benchmark-key-0123456789-0123456789";
/// How long a process may take to be ready before the run is given up.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// What Tocsin runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// One process on a SQLite file, with the embedded queue.
    Sqlite,
    /// An API and a bridge on PostgreSQL and Redis.
    Postgres,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite, one process",
            Self::Postgres => "PostgreSQL + Redis, api and bridge",
        }
    }
}

/// How fast the bridge may call Slack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As Slack documents.
    Documented,
    /// As fast as it can: what Tocsin itself takes.
    Unlimited,
}

/// The binary that is measured: the one that was built together with this one.
pub(crate) fn binary() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let binary = own.with_file_name("tocsin");
    if binary.exists() {
        Ok(binary)
    } else {
        bail!(
            "no tocsin beside {}: build both, as BENCHMARKS.md says",
            own.display()
        )
    }
}

/// One of the processes that are measured.
struct Process {
    role: &'static str,
    child: Child,
}

/// Running processes, and the simulated Slack that they speak to.
pub(crate) struct Stack {
    pub(crate) simulator: Simulator,
    /// Where the API listens: `host:port`.
    pub(crate) address: String,
    /// Where Slack's requests go: `host:port`.
    pub(crate) slack_address: String,
    processes: Vec<Process>,
    environment: Vec<(String, String)>,
    kind: Kind,
    roles: &'static [&'static str],
    _folder: TempDir,
}

impl Stack {
    pub(crate) async fn start(
        binary: &Path,
        kind: Kind,
        pace: Pace,
        servers: &Servers,
    ) -> anyhow::Result<Self> {
        let roles: &[&str] = if kind == Kind::Sqlite {
            &["up"]
        } else {
            &["api", "bridge"]
        };
        Self::start_roles(binary, kind, roles, pace, servers).await
    }

    /// An API without a bridge.
    pub(crate) async fn start_api(binary: &Path, kind: Kind, servers: &Servers) -> anyhow::Result<Self> {
        Self::start_roles(binary, kind, &["api"], Pace::Documented, servers).await
    }

    async fn start_roles(
        binary: &Path,
        kind: Kind,
        roles: &'static [&'static str],
        pace: Pace,
        servers: &Servers,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let simulator = Simulator::start(SimulatorConfig {
            limits: CallLimits::none(),
            ..SimulatorConfig::default()
        })
        .await?;
        let (api, bridge) = (free_port()?, free_port()?);
        let address = format!("127.0.0.1:{api}");
        let mut environment = vec![
            ("TOCSIN_LISTEN", address.clone()),
            ("TOCSIN_BRIDGE_LISTEN", format!("127.0.0.1:{bridge}")),
            ("TOCSIN_PUBLIC_URL", format!("http://{address}")),
            ("TOCSIN_API_URL", format!("http://{address}")),
            ("TOCSIN_ADMIN_KEY", KEY.to_owned()),
            (
                "TOCSIN_BRIDGE_TOKEN",
                "benchmark-bridge-token-0123456789".to_owned(),
            ),
            ("SLACK_API_URL", simulator.api_url().to_string()),
            ("SLACK_BOT_TOKEN", simulator.bot_token().to_owned()),
            ("SLACK_SIGNING_SECRET", simulator.signing_secret().to_owned()),
            ("TOCSIN_LOG", "warn".to_owned()),
            (
                "TOCSIN_SLACK_PACE",
                if pace == Pace::Unlimited {
                    "unlimited"
                } else {
                    "documented"
                }
                .to_owned(),
            ),
        ];
        match kind {
            Kind::Sqlite => environment.push((
                "TOCSIN_DATABASE_URL",
                format!("sqlite://{}/bench.db", folder.path().display()),
            )),
            Kind::Postgres => {
                let name = format!("bench_{api}");
                environment.push(("TOCSIN_DATABASE_URL", servers.database(&name)?));
                environment.push((
                    "TOCSIN_REDIS_URL",
                    servers.redis_url(usize::from(pace == Pace::Unlimited)),
                ));
            }
        }
        let callbacks = if kind == Kind::Sqlite { api } else { bridge };
        simulator.set_callbacks(&format!("http://127.0.0.1:{callbacks}/").parse()?);
        let environment = environment
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let mut stack = Self {
            simulator,
            address,
            slack_address: format!("127.0.0.1:{callbacks}"),
            processes: Vec::new(),
            environment,
            kind,
            roles,
            _folder: folder,
        };
        if roles != ["up"] {
            run(Command::new(binary)
                .arg("migrate")
                .envs(stack.environment.clone()))?;
        }
        stack.spawn(binary)?;
        stack.wait_ready().await?;
        Ok(stack)
    }

    fn spawn(&mut self, binary: &Path) -> anyhow::Result<()> {
        for role in self.roles {
            let child = Command::new("sh")
                .args(["-c", "ulimit -n $(ulimit -Hn); exec \"$@\"", "sh"])
                .arg(binary)
                .arg(role)
                .envs(self.environment.clone())
                .stdout(Stdio::null())
                .spawn()?;
            self.processes.push(Process { role, child });
        }
        Ok(())
    }

    /// Where the processes listen.
    fn addresses(&self) -> anyhow::Result<Vec<String>> {
        let mut addresses = vec![self.address.clone()];
        if self.roles.contains(&"bridge") {
            let bridge = self
                .environment
                .iter()
                .find(|(name, _)| name == "TOCSIN_BRIDGE_LISTEN")
                .context("an address")?;
            addresses.push(bridge.1.clone());
        }
        Ok(addresses)
    }

    /// Whether any process tells of trouble with the queue.
    pub(crate) async fn tells_of_queue(&self) -> anyhow::Result<bool> {
        for address in self.addresses()? {
            if readiness(&address).await?.contains("\"queue\"") {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn wait_ready(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        for address in self.addresses()? {
            while !is_ready(&address).await {
                if began.elapsed() > READY_WITHIN {
                    bail!("{address} is not ready after {READY_WITHIN:?}");
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        Ok(())
    }

    /// Ends the processes and starts them again on the same data: how long until they are ready.
    pub(crate) async fn ready_again(&self, binary: &Path, servers: &Servers) -> anyhow::Result<Duration> {
        let mut other = Self::start(binary, self.kind, Pace::Documented, servers).await?;
        other.end().await;
        let began = Instant::now();
        other.spawn(binary)?;
        other.wait_ready().await?;
        let took = began.elapsed();
        other.stop().await;
        Ok(took)
    }

    /// What each process holds in memory, in bytes.
    pub(crate) fn memory(&self) -> anyhow::Result<Vec<(&'static str, u64)>> {
        self.processes
            .iter()
            .map(|process| Ok((process.role, resident(process.child.id())?)))
            .collect()
    }

    async fn end(&mut self) {
        for process in &self.processes {
            // One that has ended by itself is what is wanted too.
            let _signalled = Command::new("kill").arg(process.child.id().to_string()).status();
        }
        for mut process in self.processes.drain(..) {
            let _ended = tokio::task::spawn_blocking(move || process.child.wait()).await;
        }
    }

    pub(crate) async fn stop(mut self) {
        self.end().await;
        if let Err(error) = self.simulator.shutdown().await {
            crate::terminal::say(&format!("the simulator did not end well: {error}"));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Of a run that failed; otherwise it has ended.
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

async fn is_ready(address: &str) -> bool {
    readiness(address)
        .await
        .is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

/// What `/readyz` answers, head and body.
async fn readiness(address: &str) -> anyhow::Result<String> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

fn resident(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("no VmRSS")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1_024)
}
