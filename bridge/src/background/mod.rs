//! What goes on by itself: following the event log, and finding what is due and was not taken.

pub(crate) mod bounds;
pub(crate) mod follow;
pub(crate) mod leads;
pub(crate) mod sweep;
