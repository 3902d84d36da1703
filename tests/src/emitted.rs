//! Everything that a world has given away: what its processes printed, and what its database holds.

use std::fs;

use anyhow::Context;
use tokio::process::Command;

use crate::{binary, world::World};

impl World {
    /// What all processes have printed so far, each with its name.
    pub fn printed(&self) -> Vec<(String, String)> {
        let printed =
            |process: &crate::Process| (format!("the output of {}", process.name()), process.output());
        self.processes().iter().map(printed).collect()
    }

    /// Runs a command of the binary as the first process was started; what it printed, whether it succeeded or not.
    ///
    /// # Errors
    /// When it can't be run.
    pub async fn command(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let process = self.processes().first().context("a process")?;
        let output = Command::new(binary::tocsin()?)
            .args(arguments)
            .env_clear()
            .envs(process.environment().iter().map(|(name, value)| (name, value)))
            .current_dir(self.directory())
            .output()
            .await
            .context("running the binary")?;
        let both = [output.stdout, output.stderr].concat();
        Ok(String::from_utf8_lossy(&both).into_owned())
    }

    /// The rows of every table, as text.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn every_row(&self) -> anyhow::Result<String> {
        self.store().every_row().await
    }

    /// The bytes of all files that the processes keep, logs and keys aside, each with its name: what was deleted may still be there.
    ///
    /// # Errors
    /// When one can't be read.
    pub fn files(&self) -> anyhow::Result<Vec<(String, String)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(self.directory())? {
            let path = entry?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let is_other = [".log", ".key"].iter().any(|ending| name.ends_with(ending));
            if path.is_file() && !is_other {
                let bytes = fs::read(&path).with_context(|| format!("reading {name}"))?;
                files.push((name, String::from_utf8_lossy(&bytes).into_owned()));
            }
        }
        Ok(files)
    }
}
