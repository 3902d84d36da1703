//! What comes from Slack.

mod connect;
mod dialogs;
mod endpoints;
mod links;
mod notes;
mod odd_shapes;
mod presses;
mod replies;
mod samples;
mod shared_ids;
pub(crate) mod stage;
mod tenants;
mod tenants_cases;
mod words;
