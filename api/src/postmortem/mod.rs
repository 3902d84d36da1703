//! Post-mortems: drafted from an incident's timeline, reviewed, published.

mod command;
mod draft;
mod graphql;

pub(crate) use self::graphql::{Postmortem, PostmortemMutation, PostmortemQuery, find, shown};
