//! Templates: an organisation's own words for what its connectors post. What they may say is `message`'s to know; here they are kept.

mod command;
mod parts;
mod query;

pub(crate) use self::command::{own, template_id};
pub use self::{
    command::{CreateSlackTemplate, DeleteSlackTemplate, UpdateSlackTemplate, create, delete, update},
    parts::parts,
    query::{connectors, find, list},
};
