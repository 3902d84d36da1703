//! Commands of the binary, beside the processes of a world.

use std::process::Output;

use anyhow::{Context, ensure};
use tokio::process::{Child, Command};

use crate::{binary, world::World};

impl World {
    /// A command of the binary on the world's database, in the world's directory.
    ///
    /// # Errors
    /// When there is no binary.
    fn prepared(&self, arguments: &[&str]) -> anyhow::Result<Command> {
        let environment = self.api(0).environment();
        let mut command = Command::new(binary::tocsin()?);
        command
            .args(arguments)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.directory())
            .kill_on_drop(true);
        Ok(command)
    }

    /// Runs a command to its end, whatever that is.
    ///
    /// # Errors
    /// When it can't be run.
    pub async fn run(&self, arguments: &[&str]) -> anyhow::Result<Output> {
        self.prepared(arguments)?
            .output()
            .await
            .context("running a command")
    }

    /// Runs a command that has to succeed; what it printed.
    ///
    /// # Errors
    /// When it fails.
    pub async fn succeed(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.run(arguments).await?;
        ensure!(
            output.status.success(),
            "tocsin {} failed: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Starts a command.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn spawn(&self, arguments: &[&str]) -> anyhow::Result<Child> {
        let mut command = self.prepared(arguments)?;
        command
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        command.spawn().context("starting a command")
    }

    /// A file in the world's directory.
    pub fn file(&self, name: &str) -> std::path::PathBuf {
        self.directory().join(name)
    }
}
