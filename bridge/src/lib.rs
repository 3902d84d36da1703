//! Tocsin's Slack bridge: keeps Slack and the API saying the same thing.
//!
//! It knows incidents by GraphQL alone and writes the `slack_*` tables alone. What is to be seen in Slack is computed
//! from an incident's present state and compared with what is on record there, so that late, doubled, lost and reordered
//! jobs are harmless.

mod acting;
mod background;
mod bridge;
mod checkup;
mod config;
mod connector;
mod directory;
mod failure;
mod features;
mod grammar;
mod identity;
mod inbound;
mod inbox;
mod installation;
mod links;
mod manifest;
mod mirror;
mod notice;
mod origin;
mod pace;
mod polling;
mod reception;
mod request;
mod restore_watch;
mod rich_text;
mod routes;
mod sharing;
mod sighting;
mod store;
mod telemetry;
mod texts;
mod thread;
mod workspace;
mod workspace_sync;

pub use bridge::{Bridge, BridgeStartError};
pub use checkup::WorkspaceAvailability;
pub use config::{BridgeConfig, Pace, SlackConfig};
pub use manifest::{ManifestFault, ManifestWishes, manifest};
pub use tocsin_slack_client::{oauth::ClientConfig, socket::SocketConfig};
