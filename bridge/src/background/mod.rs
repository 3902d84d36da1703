//! What goes on by itself: following the event log, and finding what is due and was not taken.

pub(crate) mod bounds;
mod destinations;
mod follow;
mod sweep;

pub(crate) use self::{destinations::DestinationFollower, follow::EventFollower, sweep::Sweeper};
