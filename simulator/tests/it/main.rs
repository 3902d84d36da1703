//! The simulator over real HTTP: what it refuses, what it sends, what it keeps.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod app;
mod events;
mod posting;
mod slack;
