//! Slack's Web API as the bridge uses it: one client, one pace for all workers, typed calls and typed failures.

pub(crate) mod address;
mod channels;
mod client;
pub(crate) mod http;
pub(crate) mod installation;
pub(crate) mod limits;
pub(crate) mod oauth;
mod skew;
#[cfg(test)]
mod tests;
pub(crate) mod thread;
mod views;
pub(crate) mod web_api;

pub use installation::{Installation, SlackHealth};

pub(crate) use client::{Slack, Token};
pub(crate) use http::Http;
