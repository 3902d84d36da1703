//! What comes from Slack: verified, stored under Slack's own id, answered, and worked after.
//!
//! A request that was answered is never lost, and one that Slack sends again is worked once: the inbox's row is both the
//! promise and the memory. What is to be done is looked up in [`routes`]; each noun brings its own handler.

mod delayed;
mod endpoints;
pub(crate) mod inbox;
pub(crate) mod paths;
pub(crate) mod prompt;
mod receive;
mod refusal;
pub(crate) mod routes;
pub(crate) mod sequence;
pub(crate) mod socket;
mod tend;
mod work;

pub(crate) use endpoints::router;
pub(crate) use tend::tend;
pub(crate) use work::{LONGEST_PAUSE, work};
