//! Slack's text: escaping, and what the composer makes of typed text.

pub(crate) mod compose;
pub(crate) mod escape;
pub(crate) mod inline;
pub(crate) mod plain;
