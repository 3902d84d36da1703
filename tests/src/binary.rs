//! Where the `tocsin` binary is.

use std::path::PathBuf;

use anyhow::{Context, bail};

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
