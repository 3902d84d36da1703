//! The bridge's own tables: claims on work, the right to write, posts on record, and the one writer that writes them in groups.

pub(crate) mod channels;
pub(crate) mod claim;
pub(crate) mod claim_many;
pub(crate) mod drafts;
pub(crate) mod due;
pub(crate) mod fence;
pub(crate) mod group_writer;
pub(crate) mod home;
pub(crate) mod lease;
pub(crate) mod post_key;
pub(crate) mod posts;
pub(crate) mod previews;
pub(crate) mod probe;
pub(crate) mod record_many;
pub(crate) mod rows;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub(crate) use group_writer::GroupWriter;
pub(crate) use lease::Leases;
