//! Slack's text: escaping, what the composer makes of typed text, and plain renderings.

pub(crate) mod compose;
pub(crate) mod emoji;
pub(crate) mod escape;
pub(crate) mod inline;
pub(crate) mod plain;
pub(crate) mod render;
