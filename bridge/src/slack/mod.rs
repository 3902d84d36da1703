//! Slack's Web API as the bridge uses it: one client, one pace for all workers, typed calls and typed failures.

pub(crate) mod address;
mod bot;
mod channels;
mod client;
pub(crate) mod http;
pub(crate) mod oauth;
pub(crate) mod pacer;
mod skew;
pub(crate) mod socket;
#[cfg(test)]
mod tests;
pub(crate) mod thread;
mod views;
pub(crate) mod web_api;

pub use bot::Installation;

pub(crate) use client::{FailureListener, Slack, Token};
pub(crate) use http::Http;
