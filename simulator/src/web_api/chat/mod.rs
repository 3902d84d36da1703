//! The `chat.` methods.

mod content;
pub(crate) mod delete;
pub(crate) mod ephemeral;
pub(crate) mod permalink;
pub(crate) mod post;
pub(crate) mod update;
