//! The mirror's pure parts.

mod content;
mod desired;
mod diff;
pub(crate) mod fixtures;
