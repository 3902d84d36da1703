//! The bridge, driven from outside.

mod inbound;
mod world;
