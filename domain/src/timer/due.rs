//! Timers that are due, and what becomes of one that failed.

use std::time::Duration;

use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use tocsin_database::Database;
use tocsin_entity::{
    id::TimerId,
    kinds::TimerKind,
    timer::{Column, Entity, Model},
};

use crate::{moment::micros, tenant::everywhere};

/// Most timers read at a time.
const READ_MAX: u64 = 1_024;

/// Most timers that are given a due time or are repaired in one round.
const TENDED_MAX: u64 = 1_000;

/// The pause after the first failure; each one after is twice as long, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Longest error kept, in characters.
const ERROR_MAX: usize = 1_000;

/// A timer, and how often it has failed. It fires only while that is so: whoever puts it off raises the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimerAttempt {
    /// The timer.
    pub(crate) id: TimerId,
    /// How often it has failed.
    pub(crate) failures: i32,
}

impl TimerAttempt {
    /// Whether the timer is still as it was.
    pub(crate) fn holds(self, timer: &Model) -> bool {
        self == Self::from(timer)
    }
}

impl From<&Model> for TimerAttempt {
    fn from(timer: &Model) -> Self {
        Self {
            id: timer.id,
            failures: timer.attempts,
        }
    }
}

/// A place in the order in which timers fire.
pub(super) type TimerPosition = (i64, TimerId);

/// Timers of kinds that this version knows. Others must not even be read: their kind has no value here.
fn known(kinds: &[TimerKind]) -> Condition {
    Condition::all().add(Column::Kind.is_in(kinds.iter().copied()))
}

/// When the next timer is to be tried, in microseconds since 1970.
pub(super) async fn next(database: &Database, kinds: &[TimerKind]) -> Result<Option<i64>, DbErr> {
    everywhere::<Entity>("timers of all organisations fire side by side")
        .select_only()
        .column(Column::FireAt)
        .filter(known(kinds))
        .filter(Column::FireAt.is_not_null())
        .order_by_asc(Column::FireAt)
        .limit(1)
        .into_tuple::<i64>()
        .one(database.read())
        .await
}

/// Timers that are due, the longest due first; those after a position alone, where one is given.
pub(super) async fn due(
    database: &Database,
    kinds: &[TimerKind],
    now: i64,
    after: Option<TimerPosition>,
) -> Result<Vec<Model>, DbErr> {
    let mut due = everywhere::<Entity>("timers of all organisations fire side by side")
        .filter(known(kinds))
        .filter(Column::FireAt.lte(now))
        .order_by_asc(Column::FireAt)
        .order_by_asc(Column::Id)
        .limit(READ_MAX);
    if let Some((at, id)) = after {
        let later = Condition::all().add(Column::FireAt.eq(at)).add(Column::Id.gt(id));
        // The first part is what the index is read by.
        due = due.filter(Column::FireAt.gte(at));
        due = due.filter(Condition::any().add(Column::FireAt.gt(at)).add(later));
    }
    due.all(database.read()).await
}

/// Has a timer tried again later, unless it fired or was put off since it was read.
pub(super) async fn put_off(
    database: &Database,
    timer: TimerAttempt,
    now: i64,
    error: &str,
) -> Result<(), DbErr> {
    let error: String = error.chars().filter(|c| *c != '\0').take(ERROR_MAX).collect();
    let failures = timer.failures.saturating_add(1);
    Entity::update_many()
        .col_expr(Column::FireAt, Expr::value(later(now, pause(failures))))
        .col_expr(Column::Attempts, Expr::value(failures))
        .col_expr(Column::LastError, Expr::value(Some(error)))
        .filter(Column::Id.eq(timer.id))
        .filter(Column::Attempts.eq(timer.failures))
        .exec(database.write())
        .await
        .map(|_| ())
}

/// The pause after so many failures.
fn pause(failures: i32) -> Duration {
    let doublings = Ord::min(u32::try_from(failures.saturating_sub(1)).unwrap_or(0), 16);
    FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE)
}

/// So long after a time, in microseconds since 1970.
fn later(at: i64, pause: Duration) -> i64 {
    at.saturating_add(i64::try_from(pause.as_micros()).unwrap_or(i64::MAX))
}

/// Gives a time to timers that have none, which replicas of the version before wrote; and makes due what waits for longer than any
/// pause lasts, which a wrong clock wrote. How many there were of either.
pub(super) async fn tend(database: &Database, kinds: &[TimerKind], now: i64) -> Result<(usize, u64), DbErr> {
    let without = everywhere::<Entity>("timers of all organisations fire side by side")
        .filter(known(kinds))
        .filter(Column::FireAt.is_null())
        .limit(TENDED_MAX)
        .all(database.read())
        .await?;
    for timer in &without {
        Entity::update_many()
            .col_expr(Column::FireAt, Expr::value(micros(timer.due_at)))
            .filter(Column::Id.eq(timer.id))
            .filter(Column::FireAt.is_null())
            .exec(database.write())
            .await?;
    }
    let unbelievable: Vec<TimerId> = everywhere::<Entity>("timers of all organisations fire side by side")
        .select_only()
        .column(Column::Id)
        .filter(known(kinds))
        .filter(Column::Attempts.gt(0))
        .filter(Column::FireAt.gt(later(now, LONGEST_PAUSE)))
        .limit(TENDED_MAX)
        .into_tuple()
        .all(database.read())
        .await?;
    if unbelievable.is_empty() {
        return Ok((without.len(), 0));
    }
    let repaired = Entity::update_many()
        .col_expr(Column::FireAt, Expr::value(now))
        .filter(Column::Id.is_in(unbelievable))
        .filter(Column::Attempts.gt(0))
        .filter(Column::FireAt.gt(later(now, LONGEST_PAUSE)))
        .exec(database.write())
        .await?;
    Ok((without.len(), repaired.rows_affected))
}

#[cfg(test)]
mod pauses {
    use super::*;

    #[test]
    fn pauses_double_up_to_five_minutes() {
        let seconds: Vec<u64> = (1..=11).map(|failures| pause(failures).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    }
}
