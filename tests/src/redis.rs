//! A Redis of the world's own, which can be killed.

use std::{net::SocketAddr, path::PathBuf, process::Stdio};

use anyhow::Context;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::{Child, Command},
    sync::Mutex,
};

use crate::{ports, wait::until};

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
        format!("redis://{}", self.address)
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
