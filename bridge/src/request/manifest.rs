//! What a feature adds to the manifest of the Slack app.

use serde_json::Value;

/// A shortcut, in Slack's own menu or in a message's.
#[derive(Debug)]
pub(crate) struct Shortcut {
    /// What people read.
    pub(crate) name: &'static str,
    /// `global`, or `message` for one about a message.
    pub(crate) kind: &'static str,
    /// As Slack names it when it is chosen.
    pub(crate) callback_id: &'static str,
    pub(crate) description: &'static str,
}

/// A step for Slack's Workflow Builder.
#[derive(Debug)]
pub(crate) struct WorkflowStep {
    /// The function's name.
    pub(crate) function: &'static str,
    pub(crate) declaration: fn() -> Value,
}
