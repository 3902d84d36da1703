//! The audit log: who changed what in an organisation, through what, from where, and how it was before and is after.
//!
//! An entry is written in the transaction of the change by a `AuditTrail`, so that there is no change without its entry
//! and no entry without its change. The database refuses to change or delete entries. What an entry says of an object
//! is its `AuditedObject` form, which names secrets and never holds one.

mod query;
mod subject;
mod trail;

pub use self::query::{AuditCriteria, count, find, list};
pub(crate) use self::trail::AuditTrail;
