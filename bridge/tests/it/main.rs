//! The bridge, driven from outside.

mod acted;
mod inbound;
mod outbound;
mod roundtrip;
mod world;
