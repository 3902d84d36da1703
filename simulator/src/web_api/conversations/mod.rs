//! The `conversations.` methods.

pub(crate) mod history;
pub(crate) mod info;
pub(crate) mod join;
pub(crate) mod list;
pub(crate) mod manage;
pub(crate) mod open;
pub(crate) mod replies;
