//! The bridge, driven from outside.

mod acted;
mod home;
mod inbound;
mod links;
mod outbound;
mod roundtrip;
mod workflow;
mod world;
