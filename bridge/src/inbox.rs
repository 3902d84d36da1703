//! The inbox: what Slack sent, stored under Slack's own id before it is answered.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use time::{Duration, OffsetDateTime};
use tocsin_database::Database;
use tocsin_entity::{
    id::InboxId,
    kinds::InboxState,
    slack::inbox::{ActiveModel, Column, Entity, Model},
};
use tocsin_slack::envelope::Envelope;

use crate::{installation::InstallationKey, request::SequencePlace};

/// How long a worker has a row to itself; one that died lets go by then.
pub(crate) const LEASE: std::time::Duration = std::time::Duration::from_secs(15);

/// How long worked rows are kept, for those who look into what happened; and for redeliveries, which end after a day.
const KEPT: Duration = Duration::days(7);

/// How many worked rows are deleted at a time, so that no write is long.
const CLEANED_AT_A_TIME: u64 = 500;

/// Replicas' clocks differ: a row is due from so long before it came, so that whoever hears of it first may work it.
const CLOCKS_DIFFER: Duration = Duration::seconds(2);

/// Longest error kept.
const ERROR_MAX: usize = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreOutcome {
    New(InboxId),
    /// It was there already: Slack sent it again.
    Again,
}

/// Stores what Slack sent, once, at its place among what is worked in order.
pub(crate) async fn store(
    tx: &impl ConnectionTrait,
    envelope: Envelope,
    place: Option<SequencePlace>,
    installation: &InstallationKey,
    request_id: &str,
    now: OffsetDateTime,
) -> Result<StoreOutcome, DbErr> {
    let id = InboxId::new();
    let app = installation.app();
    // Whoever signs for one app names nothing of another's.
    let key = app.map_or_else(|| envelope.key.clone(), |app| format!("{app}/{}", envelope.key));
    let place = place.and_then(|place| place.of_app(app));
    let row = ActiveModel {
        id: Set(id),
        slack_key: Set(key),
        kind: Set(envelope.kind.name().to_owned()),
        app_id: Set(app),
        team_id: Set(Some(installation.team_id().to_owned())),
        payload: Set(envelope.payload),
        request_id: Set(Some(request_id.to_owned())),
        state: Set(InboxState::Pending),
        attempts: Set(0),
        due_at: Set(now - CLOCKS_DIFFER),
        last_error: Set(None),
        received_at: Set(now),
        worked_at: Set(None),
        sequence_at: Set(place.as_ref().map_or(0, |place| place.at)),
        sequence: Set(place.map(|place| place.key)),
    };
    let inserted = Entity::insert(row)
        .on_conflict(OnConflict::column(Column::SlackKey).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(if inserted > 0 {
        StoreOutcome::New(id)
    } else {
        StoreOutcome::Again
    })
}

/// What came of asking for a row.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once")]
pub(crate) enum InboxClaim {
    /// It is this worker's, for the length of a lease.
    Taken(Model),
    /// It is another worker's, or to be tried later: not before this.
    NotDue(OffsetDateTime),
    /// It is worked with the others of this sequence.
    InSequence(String),
    /// It has been worked, or is gone.
    Over,
}

/// Takes a row that is due.
pub(crate) async fn claim(
    tx: &impl ConnectionTrait,
    id: InboxId,
    now: OffsetDateTime,
) -> Result<InboxClaim, DbErr> {
    let claimed = Entity::update_many()
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .col_expr(Column::DueAt, Expr::value(now + LEASE))
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(InboxState::Pending))
        .filter(Column::DueAt.lte(now))
        .filter(Column::Sequence.is_null())
        .exec(tx)
        .await?;
    let row = Entity::find_by_id(id).one(tx).await?;
    Ok(match row {
        Some(row) if claimed.rows_affected > 0 => InboxClaim::Taken(row),
        Some(row) if row.state == InboxState::Pending => match row.sequence {
            Some(key) => InboxClaim::InSequence(key),
            None => InboxClaim::NotDue(row.due_at),
        },
        Some(_) | None => InboxClaim::Over,
    })
}

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AttemptOutcome {
    Done,
    /// Done, and nothing of ours: only the key is kept, which tells a redelivery.
    Forgotten,
    Later {
        due_at: OffsetDateTime,
        error: String,
    },
    Failed {
        error: String,
    },
}

/// Writes down what became of a try; whether the row was still this worker's.
pub(crate) async fn settle(
    tx: &impl ConnectionTrait,
    id: InboxId,
    attempts: i32,
    verdict: &AttemptOutcome,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    let mut update = Entity::update_many()
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(InboxState::Pending))
        // Whoever took it since has raised the number.
        .filter(Column::Attempts.eq(attempts));
    update = match verdict {
        AttemptOutcome::Done => update
            .col_expr(Column::State, Expr::value(InboxState::Done))
            .col_expr(Column::WorkedAt, Expr::value(Some(now))),
        AttemptOutcome::Forgotten => update
            .col_expr(Column::State, Expr::value(InboxState::Done))
            .col_expr(Column::WorkedAt, Expr::value(Some(now)))
            .col_expr(Column::Payload, Expr::value(serde_json::json!({}))),
        AttemptOutcome::Later { due_at, error } => update
            .col_expr(Column::DueAt, Expr::value(*due_at))
            .col_expr(Column::LastError, Expr::value(Some(shortened(error)))),
        AttemptOutcome::Failed { error } => update
            .col_expr(Column::State, Expr::value(InboxState::Failed))
            .col_expr(Column::WorkedAt, Expr::value(Some(now)))
            .col_expr(Column::LastError, Expr::value(Some(shortened(error)))),
    };
    Ok(update.exec(tx).await?.rows_affected > 0)
}

/// Deletes rows worked more than a week ago; how many.
pub(crate) async fn clean(database: &Database, now: OffsetDateTime) -> Result<u64, DbErr> {
    use sea_orm::{QueryOrder, QuerySelect};
    let old: Vec<InboxId> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::State.eq(InboxState::Done))
        .filter(Column::ReceivedAt.lt(now - KEPT))
        .order_by_asc(Column::ReceivedAt)
        .limit(CLEANED_AT_A_TIME)
        .into_tuple()
        .all(database.read())
        .await?;
    if old.is_empty() {
        return Ok(0);
    }
    let deleted = Entity::delete_many()
        .filter(Column::Id.is_in(old))
        .exec(database.write())
        .await?;
    Ok(deleted.rows_affected)
}

/// How much is waiting: how many rows, and since when the oldest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InboxDepth {
    pub(crate) rows: u64,
    pub(crate) oldest: Option<OffsetDateTime>,
}

pub(crate) async fn depth(database: &Database) -> Result<InboxDepth, DbErr> {
    use sea_orm::{PaginatorTrait, QueryOrder};
    let pending = Entity::find().filter(Column::State.eq(InboxState::Pending));
    let rows = pending.clone().count(database.read()).await?;
    let oldest = pending
        .order_by_asc(Column::ReceivedAt)
        .one(database.read())
        .await?;
    Ok(InboxDepth {
        rows,
        oldest: oldest.map(|row| row.received_at),
    })
}

fn shortened(error: &str) -> String {
    error.chars().filter(|c| *c != '\0').take(ERROR_MAX).collect()
}
