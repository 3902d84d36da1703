//! A database that was restored from a backup: Slack knows more than the database then, and shows what is no longer so.
//!
//! No file and no table tells that it was restored: somebody may have put a copy of it back by hand, or PostgreSQL has recovered to an
//! earlier moment. So after a start, and now and then, the channels are read ([`census`]), and what is found there is compared with what
//! is on record ([`crate::sighting`]).
//!
//! What is older than this process and not on record is looked for in Slack before it is posted (`mirror::deliver`), so that nothing is
//! doubled before the channels have been read.

mod census;

pub(crate) use self::census::ChannelCensus;
