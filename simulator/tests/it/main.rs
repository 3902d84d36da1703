//! The simulator over real HTTP: what it refuses, what it sends, what it keeps.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod administering;
mod app;
mod blocks;
mod control;
mod dialog_rules;
mod dialogs;
mod events;
mod faults;
mod functions;
mod guard;
mod home;
mod interactions;
mod limits;
mod managing;
mod oauth;
mod openid;
mod posting;
mod reading;
mod refusals;
mod rotation;
mod slack;
mod sockets;
mod state;
mod teams;
mod typing;
mod unfurls;
mod views;
