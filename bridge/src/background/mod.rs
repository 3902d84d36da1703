//! What goes on by itself: following the event log, and finding what is due and was not taken.

pub(crate) mod bounds;
mod follow;
mod leads;
mod sweep;

pub(crate) use self::{follow::EventFollower, leads::LeadFollower, sweep::Sweeper};
