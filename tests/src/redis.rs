//! A Redis of the world's own, which can be killed.

use std::{net::SocketAddr, path::PathBuf, process::Stdio};

use anyhow::{Context, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::{Child, Command},
    sync::Mutex,
};

use crate::{ports, wait::until};

/// What Redis may do instead of its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedisFailure {
    /// It does not run; what it held is gone.
    Down,
    /// It runs, and answers nothing.
    Hung,
    /// It has no memory for anything new.
    Full,
    /// It has become a replica, which takes no writes.
    ReadOnly,
    /// It wants another password.
    Locked,
}

impl RedisFailure {
    /// Each of them.
    pub const ALL: [Self; 5] = [Self::Down, Self::Hung, Self::Full, Self::ReadOnly, Self::Locked];
}

/// A Redis server that keeps nothing on disk.
#[derive(Debug)]
pub struct Redis {
    address: SocketAddr,
    directory: PathBuf,
    child: Mutex<Option<Child>>,
}

impl Redis {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// When there is no `redis-server`, or it doesn't answer.
    pub(crate) async fn start(directory: PathBuf) -> anyhow::Result<Self> {
        let redis = Self {
            address: ports::free()?,
            directory,
            child: Mutex::new(None),
        };
        redis.restart().await?;
        Ok(redis)
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://{}/1", self.address)
    }

    /// Kills it with `SIGKILL`; what it held is gone.
    ///
    /// # Errors
    /// When it can't be killed.
    pub async fn kill(&self) -> anyhow::Result<()> {
        match self.child.lock().await.take() {
            Some(mut child) => child.kill().await.context("killing Redis"),
            None => Ok(()),
        }
    }

    /// Starts it, empty, if it doesn't run.
    ///
    /// # Errors
    /// When there is no `redis-server`, or it doesn't answer.
    pub async fn restart(&self) -> anyhow::Result<()> {
        let mut child = self.child.lock().await;
        if child.is_none() {
            let started = Command::new("redis-server")
                .args(["--port", &self.address.port().to_string()])
                .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
                .current_dir(&self.directory)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .context("starting redis-server: install it, or run ./test, which does")?;
            *child = Some(started);
        }
        drop(child);
        until("Redis answered", async || {
            self.command("PING").await.ok().filter(|answer| answer == "+PONG")
        })
        .await?;
        Ok(())
    }

    /// Breaks it in a way that its clients must notice by themselves.
    ///
    /// # Errors
    /// When it doesn't take the command for that.
    pub async fn fail(&self, failure: RedisFailure) -> anyhow::Result<()> {
        match failure {
            RedisFailure::Down => self.kill().await,
            RedisFailure::Hung => self.signal("-STOP").await,
            RedisFailure::Full => self.insist("CONFIG SET maxmemory 1").await,
            RedisFailure::ReadOnly => self.insist("REPLICAOF 127.0.0.1 1").await,
            RedisFailure::Locked => {
                self.insist("CONFIG SET requirepass another").await?;
                // Only who comes anew is asked for a password.
                for kind in ["pubsub", "normal"] {
                    self.command(&format!("AUTH another\r\nCLIENT KILL TYPE {kind}"))
                        .await?;
                }
                Ok(())
            }
        }
    }

    /// Mends what [`Redis::fail`] broke.
    ///
    /// # Errors
    /// When it doesn't take the command for that.
    pub async fn mend(&self, failure: RedisFailure) -> anyhow::Result<()> {
        match failure {
            RedisFailure::Down => self.restart().await,
            RedisFailure::Hung => self.signal("-CONT").await,
            RedisFailure::Full => self.insist("CONFIG SET maxmemory 0").await,
            RedisFailure::ReadOnly => self.insist("REPLICAOF NO ONE").await,
            RedisFailure::Locked => {
                let unlock = "AUTH another\r\nCONFIG SET requirepass \"\"\r\nPING";
                until("Redis took its password back", async || {
                    self.command(unlock).await.ok()?;
                    self.command("PING").await.ok().filter(|answer| answer == "+PONG")
                })
                .await
                .map(|_| ())
            }
        }
    }

    async fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let child = self.child.lock().await;
        let pid = child.as_ref().and_then(Child::id).context("Redis runs")?;
        drop(child);
        let sent = Command::new("kill").args([signal, &pid.to_string()]).status();
        ensure!(sent.await?.success(), "Redis can't be signalled");
        Ok(())
    }

    async fn insist(&self, command: &str) -> anyhow::Result<()> {
        let answer = self.command(command).await?;
        ensure!(answer.starts_with("+OK"), "Redis answers {command} with {answer}");
        Ok(())
    }

    /// Forgets every key, as `FLUSHALL` does.
    ///
    /// # Errors
    /// When it doesn't answer.
    pub async fn flush(&self) -> anyhow::Result<()> {
        self.command("FLUSHALL").await.map(|_| ())
    }

    async fn command(&self, command: &str) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(format!("{command}\r\n").as_bytes()).await?;
        let mut answer = [0; 64];
        let read = stream.read(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer[..read]).trim().to_owned())
    }
}
