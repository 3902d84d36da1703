//! What can go wrong for whoever drives the simulator.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Why the simulator did not start or stop cleanly.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// The address is taken or not ours.
    #[error("the simulated Slack cannot listen on {addr}: {source}")]
    Listen {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The state file exists and cannot be read, or cannot be written.
    #[error("the simulator's state file {path}: {source}")]
    StateFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The state file is not one of ours.
    #[error("the simulator's state file {path} is not readable ({source}); delete it to start afresh")]
    StateFormat {
        /// The file.
        path: PathBuf,
        /// Where reading stopped.
        source: serde_json::Error,
    },
    /// The HTTP client for outgoing requests could not be made.
    #[error("the simulator's HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// Why a person in the workspace could not do something. The text says what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// There is no such thing: person, channel, message, thread, button, view.
    #[error("{0}")]
    NotFound(String),
    /// It exists, and Slack would not let the person do that.
    #[error("{0}")]
    Refused(String),
}

/// A condition that did not come true in time, with what the workspace looked like at the end.
#[derive(Debug, thiserror::Error)]
#[error("not seen within {after:?}; the workspace at the end:\n{workspace}")]
pub struct TimeoutError {
    /// How long was waited.
    pub after: Duration,
    /// Every channel as text.
    pub workspace: String,
}
