//! Slack's Web API as the bridge uses it: one client, one pace for all workers, typed calls and typed failures.

pub(crate) mod address;
mod channels;
mod client;
pub(crate) mod error;
pub(crate) mod http;
pub(crate) mod inputs;
pub(crate) mod installation;
pub(crate) mod limits;
mod message;
mod metadata;
pub(crate) mod method;
pub(crate) mod oauth;
mod person;
mod retry_after;
mod skew;
#[cfg(test)]
mod tests;
pub(crate) mod thread;
pub(crate) mod timestamp;
pub(crate) mod view;
pub(crate) mod web_api;

pub use error::{Refusal, SlackError};
pub use installation::{Installation, SlackHealth};

pub(crate) use tocsin_message::{blocks, mrkdwn};

pub(crate) use client::{Slack, Token};
pub(crate) use http::Http;
