//! Sequences: requests that one worker works one after another, such as the replies of a thread.
//!
//! A request says which sequence it belongs to and what its place there is ([`crate::request::SequencePlace`]). Whoever is rung for one claims its sequence
//! ([`claim::SequenceClaim`]) and works all that waits there, in order, a batch at a time. Whoever finds it claimed has nothing to do: the worker looks
//! once more after it has let go.
//!
//! - *Once each.* What came of a batch is written only under the claim. A worker that died or lost its claim may have done the last requests of
//!   a batch already: they are worked again, and handlers make the second time no change.
//! - *Nobody waits for long.* A request that fails for now holds up those behind it for some eight seconds ([`holds`]). Then they overtake it,
//!   which the log and `tocsin_slack_inbox_overtaken_total` tell. One that panics, or takes its worker with it, counts as one that failed.

mod claim;
mod rows;
mod work;

use time::OffsetDateTime;
use tocsin_entity::slack::inbox::Model;

pub(super) use self::work::work;

/// How often a request is tried before those behind it overtake it.
const HELD_TRIES: i32 = 5;

/// The longest pause before the next try that those behind it wait for.
const HELD_PAUSE: time::Duration = time::Duration::seconds(5);

/// Whether those behind a request that failed wait for its next try.
fn holds(attempts: i32, due_at: OffsetDateTime, now: OffsetDateTime) -> bool {
    attempts < HELD_TRIES && due_at <= now + HELD_PAUSE
}

/// What of a sequence can be worked now, in order, and what the rest waits for.
#[derive(Debug, PartialEq)]
struct Split {
    now: Vec<Model>,
    /// The request for whose next try those behind it wait.
    held: Option<Model>,
}

/// Splits what waits in a sequence, given in order. What does not hold up others and is not due yet is overtaken.
fn split(waiting: Vec<Model>, now: OffsetDateTime) -> Split {
    let mut split = Split {
        now: Vec::new(),
        held: None,
    };
    for row in waiting {
        if row.due_at <= now {
            split.now.push(row);
        } else if holds(row.attempts, row.due_at, now) {
            split.held = Some(row);
            break;
        }
    }
    split
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::Duration;
    use tocsin_entity::{id::InboxId, kinds::InboxState};

    use super::*;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn row(attempts: i32, due_in: i64) -> Model {
        Model {
            id: InboxId::new(),
            slack_key: "Ev1".to_owned(),
            kind: "event".to_owned(),
            app_id: None,
            team_id: None,
            payload: json!({}),
            request_id: None,
            state: InboxState::Pending,
            attempts,
            due_at: NOW + Duration::seconds(due_in),
            last_error: None,
            received_at: NOW,
            worked_at: None,
            sequence: Some("C1/1.0".to_owned()),
            sequence_at: 0,
        }
    }

    fn ids(rows: &[Model]) -> Vec<InboxId> {
        rows.iter().map(|row| row.id).collect()
    }

    #[test]
    fn those_behind_one_that_failed_wait_for_it() {
        let rows = vec![row(0, -1), row(2, 3), row(0, -1)];
        let split = split(rows.clone(), NOW);
        assert_eq!(ids(&split.now), ids(&rows[..1]));
        assert_eq!(split.held.map(|row| row.id), Some(rows[1].id));
    }

    #[test]
    fn one_that_fails_again_and_again_or_must_wait_for_long_is_overtaken() {
        let rows = vec![row(HELD_TRIES, 3), row(1, 60), row(0, -1)];
        let split = split(rows.clone(), NOW);
        assert_eq!((ids(&split.now), split.held), (ids(&rows[2..]), None));
    }
}
