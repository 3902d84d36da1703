//! Where the `tocsin` binary is, and what it is run with.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tokio::process::Command;

/// The binary of this build: it lies beside the directory of the running test.
///
/// # Errors
/// When it has not been built.
pub(crate) fn tocsin() -> anyhow::Result<PathBuf> {
    let test = std::env::current_exe().context("which test runs")?;
    // target/debug/deps/it-0123456789abcdef → target/debug/tocsin
    for directory in test.ancestors().skip(1).take(2) {
        let binary = directory.join("tocsin");
        if binary.is_file() {
            return Ok(binary);
        }
    }
    bail!(
        "there is no tocsin binary beside {}: run `cargo build` first, or ./test, which does",
        test.display()
    )
}

/// The library that gives a process a wall clock of its own.
///
/// # Errors
/// When it is not installed.
pub(crate) fn faketime() -> anyhow::Result<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").context("/usr/lib")?;
    folders
        .filter_map(|folder| Some(folder.ok()?.path().join("faketime/libfaketimeMT.so.1")))
        .find(|library| library.is_file())
        .context("there is no libfaketime: install Debian's package faketime, or run ./test, which does")
}

/// Runs a command of the binary to its end; what it printed.
///
/// # Errors
/// When it can't be run, or fails.
pub(crate) async fn run(
    binary: &Path,
    arguments: &[&str],
    environment: &[(String, String)],
) -> anyhow::Result<String> {
    let output = Command::new(binary)
        .args(arguments)
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .await
        .context("running the binary")?;
    anyhow::ensure!(
        output.status.success(),
        "tocsin {} failed: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
