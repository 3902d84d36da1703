//! The bridge, driven from outside.

mod acted;
mod channels;
mod commands;
mod home;
mod inbound;
mod links;
mod outbound;
mod roundtrip;
mod socket;
mod tokens;
mod transport;
mod workflow;
mod world;
