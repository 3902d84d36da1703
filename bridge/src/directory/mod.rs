//! The channels of a workspace: all that the bot sees, for administrators to choose from.
//!
//! They are read whole when a workspace becomes usable and nothing is known of it, once a day, and when somebody asks; single changes are heard of by
//! events. What a lost event would have said is seen the next time.

mod fill;
mod read;
mod renumber;

pub(crate) use fill::run;
pub(crate) use read::{ReadError, read_all};
pub(crate) use renumber::{FollowError, renamed, renumbered};
