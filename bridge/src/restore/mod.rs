//! A database that was restored from a backup: Slack knows more than the database then, and shows what is no longer so.
//!
//! No file and no table tells that it was restored: somebody may have put a copy of it back by hand, or PostgreSQL has recovered to an
//! earlier moment. So each message says in its metadata which post it is, of which incident in which version ([`crate::mirror::mark`]). After a start,
//! and now and then, the channels are read ([`census`]), and what is found there is compared with what is on record ([`settle`]):
//!
//! - a message that shows a later version than is on record is written anew;
//! - one of an incident that exists, of which nothing is on record, is put on record, and so not posted a second time;
//! - one of what exists no longer says so ([`lost`]).
//!
//! What is older than this process and not on record is looked for in Slack before it is posted (`mirror::deliver`), so that nothing is
//! doubled before the channels have been read.

mod census;
mod lost;
mod settle;
mod sighting;

pub(crate) use self::{census::run, settle::settle_thread};
