//! The simulator over real HTTP: what it refuses, what it sends, what it keeps.

mod app;
mod events;
mod posting;
mod slack;
