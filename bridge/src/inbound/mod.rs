//! What comes from Slack: verified, stored under Slack's own id, answered, and worked after.
//!
//! A request that was answered is never lost, and one that Slack sends again is worked once: the inbox's row is both the
//! promise and the memory. Who does what is to be done is looked up in the
//! [registry](crate::request::Registry), and never named here.

mod delayed;
mod endpoints;
mod receive;
mod refusal;
pub(crate) mod sequence;
pub(crate) mod socket;
mod tend;
mod work;

pub(crate) use endpoints::router;
pub(crate) use tend::tend;
pub(crate) use work::{LONGEST_PAUSE, work};
