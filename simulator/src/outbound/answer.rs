//! What the app answers to what a person does.

use serde::{Deserialize, Serialize};

/// What the app answered to a press or a command, within its three seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppAnswer {
    /// HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// What the person is told when it was no success.
    pub error: Option<String>,
}

impl AppAnswer {
    /// Whether the person sees no error.
    pub fn is_ok(&self) -> bool {
        self.error.is_none()
    }
}
