//! What comes from Slack.

mod dialogs;
mod endpoints;
mod links;
mod presses;
mod replies;
mod samples;
pub(crate) mod stage;
