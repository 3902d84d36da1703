//! The mirror's pure parts, and where incidents go.

mod content;
mod desired;
mod destinations;
mod diff;
pub(crate) mod fixtures;
