//! Claims on timers: which replica fires what is due, and what becomes of a timer that failed.

use std::time::Duration;

use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, LockBehavior, LockType},
};
use tocsin_database::Database;
use tocsin_entity::{
    id::TimerId,
    kinds::TimerKind,
    timer::{Column, Entity, Model},
};

use crate::{moment::micros, tenant::everywhere};

/// How long a claim holds. Whoever took it asks the writer at once, which answers within the database's own time limits.
pub(super) const LEASE: Duration = Duration::from_secs(15);

/// Most timers claimed at a time.
const CLAIMED_MAX: u64 = 1_024;

/// Most timers that are given a due time or are repaired in one round.
const TENDED_MAX: u64 = 1_000;

/// The pause after the first failure; each one after is twice as long, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Longest error kept, in characters.
const ERROR_MAX: usize = 1_000;

/// The claim under which a timer is fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimerClaim {
    /// The timer.
    pub(crate) id: TimerId,
    /// Its number of tries under this claim: whoever claims it after raises it.
    pub(crate) attempts: i32,
}

impl TimerClaim {
    /// Whether the timer is still claimed so.
    pub(crate) fn holds(self, timer: &Model) -> bool {
        timer.id == self.id && timer.attempts == self.attempts
    }
}

impl From<&Model> for TimerClaim {
    fn from(timer: &Model) -> Self {
        Self {
            id: timer.id,
            attempts: timer.attempts,
        }
    }
}

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

/// Claims timers that are due, the longest due first. Replicas that do so at the same moment get different ones.
pub(super) async fn claim(database: &Database, kinds: &[TimerKind], now: i64) -> Result<Vec<Model>, DbErr> {
    let tx = database.begin_write().await?;
    let due: Vec<TimerId> = everywhere::<Entity>("timers of all organisations fire side by side")
        .select_only()
        .column(Column::Id)
        .filter(known(kinds))
        .filter(Column::FireAt.lte(now))
        .order_by_asc(Column::FireAt)
        .limit(CLAIMED_MAX)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_tuple()
        .all(&tx)
        .await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let claimed = Entity::update_many()
        .col_expr(Column::FireAt, Expr::value(after(now, LEASE)))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Column::Id.is_in(due))
        .exec_with_returning(&tx)
        .await?;
    tx.commit().await?;
    Ok(claimed)
}

/// Has a timer tried again later, unless its claim is lost.
pub(super) async fn put_off(
    database: &Database,
    claim: TimerClaim,
    now: i64,
    error: &str,
) -> Result<(), DbErr> {
    let error: String = error.chars().filter(|c| *c != '\0').take(ERROR_MAX).collect();
    Entity::update_many()
        .col_expr(Column::FireAt, Expr::value(after(now, pause(claim.attempts))))
        .col_expr(Column::LastError, Expr::value(Some(error)))
        .filter(Column::Id.eq(claim.id))
        .filter(Column::Attempts.eq(claim.attempts))
        .exec(database.write())
        .await
        .map(|_| ())
}

/// The pause after so many tries.
fn pause(attempts: i32) -> Duration {
    let doublings = Ord::min(u32::try_from(attempts.saturating_sub(1)).unwrap_or(0), 16);
    FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE)
}

/// So long after a time, in microseconds since 1970.
fn after(at: i64, pause: Duration) -> i64 {
    at.saturating_add(i64::try_from(pause.as_micros()).unwrap_or(i64::MAX))
}

/// Gives a time to timers that have none, which replicas of the version before wrote; and makes due what waits for longer than any claim
/// or pause lasts, which a wrong clock wrote. How many there were of either.
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
        .filter(Column::FireAt.gt(after(now, LONGEST_PAUSE)))
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
        .filter(Column::FireAt.gt(after(now, LONGEST_PAUSE)))
        .exec(database.write())
        .await?;
    Ok((without.len(), repaired.rows_affected))
}

#[cfg(test)]
mod pauses {
    use super::*;

    #[test]
    fn pauses_double_up_to_five_minutes() {
        let seconds: Vec<u64> = (1..=11).map(|attempts| pause(attempts).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert!(LEASE < LONGEST_PAUSE, "a claim is believed");
    }
}
