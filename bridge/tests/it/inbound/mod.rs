//! What comes from Slack.

mod endpoints;
mod links;
mod presses;
mod replies;
mod samples;
pub(crate) mod stage;
