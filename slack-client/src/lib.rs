//! Talking to Slack: calls of the Web API, OAuth's exchanges, and Socket Mode, with typed calls and typed failures.
//!
//! It writes nothing down. How fast is called, a [`Pacer`](pacer::Pacer) says; what comes down a WebSocket, a [`SocketHandler`](socket::SocketHandler) works; what
//! failed calls say of a token, a [`FailureListener`] is told. Addresses that came in a request or an answer are called only where they are Slack's.

mod address;
mod answer;
mod bot;
mod channels;
mod client;
pub mod http;
pub mod oauth;
pub mod pacer;
pub mod skew;
pub mod socket;
#[cfg(test)]
mod tests;
pub mod thread;
mod views;
pub mod web_api;

pub use client::{FailureListener, Slack, Token};
pub use http::Http;
