//! The requests of a sequence in the inbox.

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use time::OffsetDateTime;
use tocsin_database::Database;
use tocsin_entity::{
    id::InboxId,
    kinds::InboxState,
    slack::inbox::{Column, Entity, Model},
};

use super::{HELD_PAUSE, HELD_TRIES, claim::SequenceClaim};
use crate::inbox::{self, AttemptOutcome};

/// Most requests worked under one look at the sequence: what came of them is written together.
const BATCH: u64 = 32;

/// What waits in a sequence.
fn waiting(key: &str) -> Condition {
    Condition::all()
        .add(Column::Sequence.eq(key))
        .add(Column::State.eq(InboxState::Pending))
}

/// The first of what is due or holds up others, in order. What is overtaken and not due is left out, so that it hides nothing.
pub(super) async fn first(database: &Database, key: &str, now: OffsetDateTime) -> Result<Vec<Model>, DbErr> {
    let holds = Condition::all()
        .add(Column::Attempts.lt(HELD_TRIES))
        .add(Column::DueAt.lte(now + HELD_PAUSE));
    Entity::find()
        .filter(waiting(key))
        .filter(Condition::any().add(Column::DueAt.lte(now)).add(holds))
        .order_by_asc(Column::SequenceAt)
        .order_by_asc(Column::ReceivedAt)
        .limit(BATCH)
        .all(database.read())
        .await
}

/// Counts a try of each of these. Before they are worked: whoever is taken down by one of them does not try it for ever.
pub(super) async fn begin(tx: &impl ConnectionTrait, ids: &[InboxId]) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(Column::State.eq(InboxState::Pending))
        .exec(tx)
        .await
        .map(|_| ())
}

/// What came of a batch.
#[derive(Debug, Clone, Default)]
pub(super) struct BatchOutcome {
    pub(super) verdicts: Vec<(InboxId, i32, AttemptOutcome)>,
    /// Those whose turn did not come.
    pub(super) untried: Vec<InboxId>,
    /// Until when the sequence waits for the last of them.
    pub(super) held_until: Option<OffsetDateTime>,
}

/// Writes down what came of a batch; whether the sequence was still this worker's.
pub(super) async fn settle(
    tx: &impl ConnectionTrait,
    turn: &SequenceClaim,
    settled: &BatchOutcome,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    if !turn.prolong(tx, now).await? {
        return Ok(false);
    }
    for (id, attempts, verdict) in &settled.verdicts {
        inbox::settle(tx, *id, *attempts, verdict, now).await?;
    }
    if !settled.untried.is_empty() {
        Entity::update_many()
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).sub(1))
            .filter(Column::Id.is_in(settled.untried.iter().copied()))
            .filter(Column::State.eq(InboxState::Pending))
            .exec(tx)
            .await?;
    }
    if let Some(until) = settled.held_until {
        // Nobody rings in vain for what can't have its turn before.
        Entity::update_many()
            .col_expr(Column::DueAt, Expr::value(until))
            .filter(waiting(&turn.key))
            .filter(Column::DueAt.lt(until))
            .exec(tx)
            .await?;
    }
    Ok(true)
}
