//! The event log: every change of an organisation once, in order, without gaps; and those who follow it.

mod bell;
mod cursor;
mod feed;
mod log;
mod newest;
mod query;
mod stream;

pub use self::{cursor::Position, log::Told, newest::EventNumber, query::list};
pub(crate) use self::{feed::Feed, query::follow};
