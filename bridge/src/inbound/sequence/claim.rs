//! Who works a sequence.

use std::time::Duration;

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use time::OffsetDateTime;
use tocsin_entity::slack::sequence::{Column, Entity, Model};
use uuid::Uuid;

/// How long a claim holds without being prolonged: the work of a worker that died is taken up after that.
pub(super) const LEASE: Duration = Duration::from_secs(6);

/// How often a claim is prolonged while a request is worked.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(2);

const _: () = assert!(HEARTBEAT.as_secs() * 2 < LEASE.as_secs());

/// A claim on a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SequenceClaim {
    pub(super) key: String,
    claim: Uuid,
}

fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

impl SequenceClaim {
    /// Claims a sequence; none where it is another worker's. A claim that reaches further ahead than any may is of a wrong clock, and is not
    /// believed.
    pub(super) async fn take(
        tx: &impl ConnectionTrait,
        key: &str,
        now: OffsetDateTime,
    ) -> Result<Option<Self>, DbErr> {
        let row = Model {
            key: key.to_owned(),
            claim: Uuid::now_v7(),
            claimed_until: micros(now + LEASE),
        };
        let turn = Self {
            key: row.key.clone(),
            claim: row.claim,
        };
        let is_free = Condition::any()
            .add(Expr::col((Entity, Column::ClaimedUntil)).lte(micros(now)))
            .add(Expr::col((Entity, Column::ClaimedUntil)).gt(micros(now + 2 * LEASE)));
        let unless_claimed = OnConflict::column(Column::Key)
            .update_columns([Column::Claim, Column::ClaimedUntil])
            .action_cond_where(is_free)
            .to_owned();
        let taken = Entity::insert(row.into_active_model())
            .on_conflict(unless_claimed)
            .exec_without_returning(tx)
            .await?;
        Ok((taken > 0).then_some(turn))
    }

    /// Prolongs the claim; whether it still holds. In a transaction, what is written after it is written under the claim.
    pub(super) async fn prolong(
        &self,
        tx: &impl ConnectionTrait,
        now: OffsetDateTime,
    ) -> Result<bool, DbErr> {
        let prolonged = Entity::update_many()
            .col_expr(Column::ClaimedUntil, Expr::value(micros(now + LEASE)))
            .filter(Column::Key.eq(&self.key))
            .filter(Column::Claim.eq(self.claim))
            .exec(tx)
            .await?;
        Ok(prolonged.rows_affected > 0)
    }

    /// Lets the sequence go.
    pub(super) async fn let_go(&self, tx: &impl ConnectionTrait) -> Result<(), DbErr> {
        Entity::delete_many()
            .filter(Column::Key.eq(&self.key))
            .filter(Column::Claim.eq(self.claim))
            .exec(tx)
            .await
            .map(|_| ())
    }
}
