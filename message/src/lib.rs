//! What Tocsin writes into Slack: mrkdwn that is safe by construction, Block Kit within its limits, and organisations' own templates.
//!
//! It knows no table and calls nobody, so that a preview by the api and a delivery by the bridge are the same code.

mod address;
pub mod blocks;
mod characters;
mod document;
mod escape;
pub mod markdown;
pub mod mrkdwn;
pub mod template;
mod writer;
