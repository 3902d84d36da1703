//! A private PostgreSQL and a private Redis, for one run.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, bail};
use tempfile::TempDir;

/// The two servers, with settings as they come but for ports and folders: PostgreSQL syncs every commit.
pub(crate) struct Servers {
    folder: TempDir,
    bin: PathBuf,
    postgres_port: u16,
    redis_port: u16,
    redis: Child,
}

/// A port that was free just now.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

impl Servers {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let bin = newest_postgres()?;
        let (postgres_port, redis_port) = (free_port()?, free_port()?);
        let data = folder.path().join("postgres");
        std::fs::create_dir(&data)?;
        if is_root()? {
            run(Command::new("chown")
                .arg("postgres")
                .arg(&data)
                .arg(folder.path()))?;
        }
        run(as_postgres(&bin.join("initdb"))?
            .args(["-A", "trust", "-U", "postgres", "-D"])
            .arg(&data))?;
        let options = format!(
            "-p {postgres_port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={}",
            data.display()
        );
        run(as_postgres(&bin.join("pg_ctl"))?
            .args(["-w", "-D"])
            .arg(&data)
            .args(["-o", &options, "-l"])
            .arg(data.join("log"))
            .arg("start"))?;
        let redis = Command::new("redis-server")
            .args([
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--port",
                &redis_port.to_string(),
            ])
            .arg("--dir")
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .context("redis-server")?;
        let servers = Self {
            folder,
            bin,
            postgres_port,
            redis_port,
            redis,
        };
        for _ in 0..200 {
            if std::net::TcpStream::connect(("127.0.0.1", redis_port)).is_ok() {
                return Ok(servers);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bail!("redis-server does not answer")
    }

    /// Makes a database, and gives its address.
    pub(crate) fn database(&self, name: &str) -> anyhow::Result<String> {
        run(Command::new(self.bin.join("createdb"))
            .args(self.connection())
            .arg(name))?;
        Ok(format!(
            "postgres://postgres@127.0.0.1:{}/{name}",
            self.postgres_port
        ))
    }

    pub(crate) fn redis_url(&self, number: usize) -> String {
        format!("redis://127.0.0.1:{}/{number}", self.redis_port)
    }

    pub(crate) fn redis_port(&self) -> u16 {
        self.redis_port
    }

    pub(crate) fn redis_pid(&self) -> u32 {
        self.redis.id()
    }

    pub(crate) fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.args(self.connection());
        command
    }

    fn connection(&self) -> [String; 6] {
        [
            "-h",
            "127.0.0.1",
            "-U",
            "postgres",
            "-p",
            &self.postgres_port.to_string(),
        ]
        .map(ToOwned::to_owned)
    }

    pub(crate) fn stop(self) {
        drop(self);
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let data = self.folder.path().join("postgres");
        let stopped = as_postgres(&self.bin.join("pg_ctl"))
            .and_then(|mut command| run(command.args(["-m", "immediate", "-D"]).arg(&data).arg("stop")));
        let killed = self.redis.kill().and_then(|()| self.redis.wait());
        if stopped.is_err() || killed.is_err() {
            crate::terminal::say("a server could not be stopped: look for it with ps");
        }
    }
}

fn newest_postgres() -> anyhow::Result<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    versions.sort();
    versions
        .into_iter()
        .rfind(|bin| bin.join("initdb").exists())
        .context("no PostgreSQL server under /usr/lib/postgresql")
}

fn is_root() -> anyhow::Result<bool> {
    Ok(Command::new("id").arg("-u").output()?.stdout.starts_with(b"0\n"))
}

/// PostgreSQL refuses to run as root.
fn as_postgres(program: &Path) -> anyhow::Result<Command> {
    if !is_root()? {
        return Ok(Command::new(program));
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    Ok(command)
}

/// Runs a command to its end, in a folder that every user may read.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
