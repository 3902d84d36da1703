//! The event log: every change of an organisation once, in order, without gaps; and those who follow it.

mod bell;
mod cursor;
mod feed;
mod graphql;
mod log;
mod newest;
mod stream;

pub(crate) use self::{
    feed::Feed,
    graphql::{EventQuery, EventSubscription, IncidentEvent},
    newest::EventNumber,
};
