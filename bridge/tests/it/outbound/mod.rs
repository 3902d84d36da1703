//! What goes to Slack: the real client, queue and database against a strict simulated workspace; the API is acted.

mod asked;
mod checked;
mod connectors;
mod cost;
mod crashes;
mod deleted;
mod fallback;
mod fencing;
mod lists;
mod mirrored;
mod operations;
mod posting;
mod revise;
pub(crate) mod stage;
mod statements;
mod storm;
mod tracker;
mod trouble;
mod words;
