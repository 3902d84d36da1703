//! What people type to the bot, after the slash command or a mention: read, and nothing done.

pub(crate) mod mention;
pub(crate) mod usage;
pub(crate) mod words;
