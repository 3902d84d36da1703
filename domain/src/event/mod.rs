//! The event log: every change of an organisation once, in order, without gaps; and those who follow it.

mod bell;
mod cursor;
mod feed;
mod log;
mod newest;
mod stream;

pub(crate) use self::feed::Feed;
pub use self::{
    cursor::Position,
    log::{Told, find, read_after},
    newest::EventNumber,
    stream::events,
};
