//! Replies of a thread become comments in the order in which they were written, although they are worked side by side.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tocsin_entity::{
    kinds::InboxState,
    slack::inbox::{Column, Entity},
};
use tocsin_queue::JobError;

use super::{message::Place, told::Told};
use crate::{
    bridge::Parts,
    inbound::{Kind, routes::Item},
};

/// How many waiting requests are looked at. With more of them the order of a thread is the least of worries.
const LOOKED_AT: u64 = 100;

/// Whether a reply that was written before this one, in the same thread, is still to be worked.
pub(super) async fn is_early(parts: &Parts, item: &Item, place: &Place) -> Result<bool, JobError> {
    let waiting = Entity::find()
        .filter(Column::State.eq(InboxState::Pending))
        .filter(Column::Kind.eq(Kind::Event.name()))
        .filter(Column::Id.ne(item.id))
        .order_by_asc(Column::ReceivedAt)
        .limit(LOOKED_AT)
        .all(parts.database.read())
        .await
        .map_err(JobError::retry)?;
    Ok(waiting
        .iter()
        .filter(|row| row.payload["event"]["type"] == "message")
        .any(|row| {
            Told::of(&row.payload).is_some_and(|told| {
                let other = told.place();
                let same = other.channel == place.channel && other.thread_ts == place.thread_ts;
                same && is_before(&other.ts, &place.ts)
            })
        }))
}

/// Slack's names for messages are seconds and a counter, of the same length for centuries; shorter is earlier all the same.
fn is_before(one: &str, other: &str) -> bool {
    let key = |ts: &str| {
        let (seconds, counter) = ts.split_once('.').unwrap_or((ts, ""));
        (seconds.len(), seconds.to_owned(), counter.to_owned())
    };
    key(one) < key(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_messages_are_ordered_as_they_were_written() {
        assert!(is_before("1483037604.017506", "1483037604.017507"));
        assert!(is_before("999.000200", "1000.000100"));
        assert!(!is_before("1483037604.017506", "1483037604.017506"));
    }
}
