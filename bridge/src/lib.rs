//! Tocsin's Slack bridge: keeps Slack and the API saying the same thing.

pub mod comments;
