//! The event log: every change of an organisation once, in order, without gaps; and those who follow it.

mod cursor;
mod hub;
mod log;
mod newest;
mod notifier;
mod query;
mod stream;

pub use self::{
    cursor::Position,
    log::EventDetails,
    newest::EventNumber,
    query::{count, list},
};
pub(crate) use self::{hub::EventHub, query::follow};
