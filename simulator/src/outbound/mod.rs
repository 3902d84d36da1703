//! Requests from Slack to the app: events with redelivery, interactions, slash commands; all signed.

pub(crate) mod answer;
pub(crate) mod command;
pub(crate) mod delivery;
pub(crate) mod dialog;
mod elements;
pub(crate) mod events;
pub(crate) mod interaction;
pub(crate) mod response_url;
pub(crate) mod sender;
pub(crate) mod signing;
pub(crate) mod state;
pub(crate) mod view_press;
