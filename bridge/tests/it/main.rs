//! The bridge, driven from outside.

mod acted;
mod inbound;
mod outbound;
mod roundtrip;
mod workflow;
mod world;
