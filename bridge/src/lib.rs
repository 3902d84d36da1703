//! Tocsin's Slack bridge: keeps Slack and the API saying the same thing.
//!
//! It knows incidents by GraphQL alone and writes the `slack_*` tables alone. What is to be seen in Slack is computed
//! from an incident's present state and compared with what is on record there, so that late, doubled, lost and reordered
//! jobs are harmless.

mod acting;
mod actions;
mod background;
mod bridge;
mod channel_events;
mod checkup;
mod commands;
mod comments;
mod config;
mod connector;
mod create;
mod directory;
mod failure;
mod grammar;
mod graphql;
mod home;
mod identity;
mod inbound;
mod inbox;
mod install;
mod installation;
mod links;
mod manifest;
mod mention;
mod mirror;
mod notice;
mod operation;
mod origin;
mod pace;
mod parts;
mod people;
mod reception;
mod request;
mod restore;
mod restore_watch;
mod rich_text;
mod routes;
mod sharing;
mod sighting;
mod store;
mod telemetry;
mod thread;
mod unfurl;
mod workflow;
mod workspace;
mod workspace_sync;

pub use bridge::{Bridge, StartError};
pub use checkup::WorkspaceUp;
pub use config::{BridgeConfig, Pace, SlackConfig};
pub use manifest::{ManifestFault, ManifestWishes, manifest};
pub use tocsin_slack_client::{oauth::ClientConfig, socket::SocketConfig};
