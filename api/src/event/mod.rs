//! The event log: every change of an organisation once, in order, without gaps; and those who follow it.

mod bell;
mod cursor;
mod feed;
mod graphql;
mod log;
mod stream;

pub(crate) use self::{
    feed::Feed,
    graphql::{EventQuery, EventSubscription, IncidentEvent},
};

use tocsin_entity::id::OrganizationId;

/// The cursor of an event, by its sequence number; none before the first.
pub(crate) fn cursor_of(organization_id: OrganizationId, seq: i64) -> Option<String> {
    (seq > 0).then(|| crate::paging::encode(&cursor::Position::new(organization_id, seq).to_string()))
}
