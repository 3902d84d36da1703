//! The state file: the workspace as JSON, replaced by renaming.

use std::io::{ErrorKind, Write};
use std::path::Path;

use super::SimulatedWorkspace;
use crate::config::SimulatorConfig;
use crate::error::SimulatorError;
use crate::state::app::SimulatedApp;

/// The workspace of the state file, or a new one when there is no such file.
pub(crate) fn load(
    config: &SimulatorConfig,
    app: &SimulatedApp,
) -> Result<SimulatedWorkspace, SimulatorError> {
    let Some(path) = &config.state_file else {
        return Ok(SimulatedWorkspace::furnish(config, app, 0));
    };
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok(SimulatedWorkspace::furnish(config, app, 0));
        }
        Err(source) => {
            return Err(SimulatorError::StateFile {
                path: path.clone(),
                source,
            });
        }
    };
    let mut workspace: SimulatedWorkspace =
        serde_json::from_slice(&bytes).map_err(|source| SimulatorError::StateFormat {
            path: path.clone(),
            source,
        })?;
    workspace.unfurl_domains.clone_from(&config.unfurl_domains);
    workspace.functions.clone_from(&config.functions);
    workspace.installation.configure(config);
    Ok(workspace)
}

/// Writes the workspace beside the file, then puts it in its place: a crash leaves the old or the new one.
pub(crate) fn save(workspace: &SimulatedWorkspace, path: &Path) -> Result<(), SimulatorError> {
    let failed = |source| SimulatorError::StateFile {
        path: path.to_owned(),
        source,
    };
    let json = serde_json::to_vec(workspace).map_err(|source| SimulatorError::StateFormat {
        path: path.to_owned(),
        source,
    })?;
    let beside = path.with_extension("tmp");
    let mut file = private(&beside).map_err(failed)?;
    file.write_all(&json)
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    std::fs::rename(&beside, path).map_err(failed)
}

/// Makes a file that its owner alone may read: tokens are in it. One of that name is what a crash left behind.
fn private(path: &Path) -> std::io::Result<std::fs::File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
