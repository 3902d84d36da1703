//! One `tocsin` process, over all its starts.

use std::{
    fs::OpenOptions,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::Mutex,
};

use anyhow::{Context, bail, ensure};
use tokio::process::{Child, Command};

use crate::{
    log::{Log, LogLine},
    wait::until,
};

/// A process of the world that can be stopped, killed and started again at the same address.
#[derive(Debug)]
pub struct Process {
    name: String,
    binary: PathBuf,
    role: &'static str,
    address: SocketAddr,
    environment: Vec<(String, String)>,
    directory: PathBuf,
    log: Log,
    child: Mutex<Option<Child>>,
}

impl Process {
    pub(crate) fn new(
        name: String,
        binary: PathBuf,
        role: &'static str,
        address: SocketAddr,
        environment: Vec<(String, String)>,
        directory: PathBuf,
    ) -> Self {
        let log = Log::new(directory.join(format!("{name}.log")));
        Self {
            name,
            binary,
            role,
            address,
            environment,
            directory,
            log,
            child: Mutex::new(None),
        }
    }

    /// What it is called in messages: `api-0`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it listens.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The lines it has logged so far, over all its starts.
    pub fn log(&self) -> Vec<LogLine> {
        self.log.lines()
    }

    /// All that it has printed so far, over all its starts.
    pub fn output(&self) -> String {
        self.log.text()
    }

    /// With what it is started.
    pub(crate) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// Starts it, without waiting until it is ready.
    ///
    /// # Errors
    /// When it runs already or can't be started.
    pub fn launch(&self) -> anyhow::Result<()> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log.path())
            .context("opening a process's log")?;
        let mut command = Command::new(&self.binary);
        command
            .arg(self.role)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true);
        let mut slot = self.slot();
        ensure!(slot.is_none(), "{} runs already", self.name);
        *slot = Some(
            command
                .spawn()
                .with_context(|| format!("starting {}", self.name))?,
        );
        Ok(())
    }

    /// Starts it and waits until it is ready.
    ///
    /// # Errors
    /// When it ends instead, or isn't ready in time.
    pub async fn start(&self) -> anyhow::Result<()> {
        self.launch()?;
        self.ready().await
    }

    /// What `/readyz` says: the status, and the words.
    ///
    /// # Errors
    /// When there is no answer, or it is no JSON.
    pub async fn readiness(&self) -> anyhow::Result<(u16, serde_json::Value)> {
        let url = format!("{}/readyz", self.base());
        let answer = crate::client::http().get(&url).send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    /// When it ends instead, or isn't ready in time.
    pub async fn ready(&self) -> anyhow::Result<()> {
        let url = format!("{}/readyz", self.base());
        let http = crate::client::http();
        let what = format!("{} was ready", self.name);
        let ready = until(&what, async || {
            if self.has_ended() {
                return Some(false);
            }
            let answer = http.get(&url).send().await.ok()?;
            answer.status().is_success().then_some(true)
        });
        if !ready.await? {
            bail!("{} ended at its start; its log:\n{}", self.name, self.log.tail());
        }
        Ok(())
    }

    /// Kills it with `SIGKILL`, as the system does with a process that takes too much memory.
    ///
    /// # Errors
    /// When it doesn't run.
    pub async fn kill(&self) -> anyhow::Result<()> {
        let mut child = self.take()?;
        child.kill().await.context("killing a process")
    }

    /// Pauses it with `SIGSTOP`, as a hypervisor does, or a machine that runs out of memory: it holds what it holds, and answers
    /// nothing.
    ///
    /// # Errors
    /// When it doesn't run.
    pub async fn pause(&self) -> anyhow::Result<()> {
        self.signal("STOP").await
    }

    /// Lets it go on after [`Process::pause`].
    ///
    /// # Errors
    /// When it doesn't run.
    pub async fn resume(&self) -> anyhow::Result<()> {
        self.signal("CONT").await
    }

    /// Sets its wall clock, in a world with [`crate::Plan::clocks`]: so many seconds ahead of the true one, or behind it. It
    /// notices within a second.
    ///
    /// # Errors
    /// When that can't be written.
    pub fn set_clock(&self, ahead: i64) -> anyhow::Result<()> {
        std::fs::write(self.clock(), format!("{ahead:+}")).context("setting a process's clock")
    }

    /// The file that says what its clock shows.
    fn clock(&self) -> PathBuf {
        self.directory.join(format!("{}.clock", self.name))
    }

    /// Gives it a wall clock that can be set.
    fn give_clock(&mut self, library: &Path) -> anyhow::Result<()> {
        self.set_clock(0)?;
        let settings = [
            ("LD_PRELOAD", library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.clock().display().to_string()),
            ("FAKETIME_CACHE_DURATION", "1".to_owned()),
            // What is waited for goes by the monotonic clock, which nobody can set.
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ];
        let settings = settings.into_iter();
        self.environment
            .extend(settings.map(|(name, value)| (name.to_owned(), value)));
        Ok(())
    }

    /// Asks it with `SIGTERM` to stop, and waits until it has.
    ///
    /// # Errors
    /// When it doesn't run, or doesn't stop in time.
    pub async fn terminate(&self) -> anyhow::Result<ExitStatus> {
        let mut child = self.take()?;
        let pid = child.id().context("the process is over")?;
        let asked = Command::new("kill")
            .args(["-TERM", &pid.to_string()])
            .status()
            .await?;
        ensure!(asked.success(), "{} can't be signalled", self.name);
        tokio::time::timeout(crate::PATIENCE, child.wait())
            .await
            .with_context(|| format!("{} did not stop", self.name))?
            .context("waiting for a process")
    }

    /// Its number, while it runs.
    ///
    /// # Errors
    /// When it doesn't run.
    pub fn pid(&self) -> anyhow::Result<u32> {
        let slot = self.slot();
        let pid = slot.as_ref().and_then(Child::id);
        pid.with_context(|| format!("{} doesn't run", self.name))
    }

    /// Sends it a signal by name: `STOP` has it hang until `CONT`, as a machine does that is overloaded.
    ///
    /// # Errors
    /// When it doesn't run.
    pub async fn signal(&self, name: &str) -> anyhow::Result<()> {
        let pid = self.pid()?.to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &pid])
            .status()
            .await?;
        ensure!(sent.success(), "{} can't be signalled", self.name);
        Ok(())
    }

    /// From now on it can write no file beyond its first byte, as on a disk that is full; or can again.
    ///
    /// # Errors
    /// When it doesn't run.
    pub async fn fill_disk(&self, is_full: bool) -> anyhow::Result<()> {
        let pid = format!("--pid={}", self.pid()?);
        let limit = if is_full {
            "--fsize=1:unlimited"
        } else {
            "--fsize=unlimited"
        };
        let set = Command::new("prlimit").args([&pid, limit]).status().await?;
        ensure!(set.success(), "{} can't be limited", self.name);
        Ok(())
    }

    fn has_ended(&self) -> bool {
        match self.slot().as_mut() {
            Some(child) => !matches!(child.try_wait(), Ok(None)),
            None => true,
        }
    }

    fn take(&self) -> anyhow::Result<Child> {
        self.slot()
            .take()
            .with_context(|| format!("{} doesn't run", self.name))
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.child
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn tail(&self) -> String {
        self.log.tail()
    }
}

/// Gives each process a wall clock that can be set.
pub(crate) fn give_clocks(processes: &mut [Process]) -> anyhow::Result<()> {
    let library = crate::binary::faketime()?;
    processes
        .iter_mut()
        .try_for_each(|process| process.give_clock(&library))
}
