//! The lines of digests: how they follow their incidents. How an incident gets one is in [`super::admission`].

use std::time::Duration;

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr,
    EntityTrait, IntoActiveModel, QueryFilter, Statement,
};
use time::OffsetDateTime;
use tocsin_client::Incident;
use tocsin_clock::Clock;
use tocsin_entity::{
    id::DigestId,
    slack::{digest, digest_line},
};

use crate::{
    mirror::content,
    store::{GroupWriter, fence::Fence},
};

/// How often a digest is written at the most: its updates share their pace with those of all incidents.
pub(crate) const BETWEEN: Duration = Duration::from_secs(3);

/// When a digest is due that has just changed: soon, but not too often. `$2` is now, and [`BETWEEN`] lies between it and `$3` or `$4`.
pub(super) const DUE: &str =
    "due_at = CASE WHEN shown_version < wanted_version THEN due_at WHEN due_at > $3 THEN $4 ELSE $2 END";

/// Closes one digest: its message is gone, and what comes next needs another. That is so whoever says it.
pub(crate) async fn close_one(writer: &GroupWriter, clock: &Clock, id: DigestId) -> Result<(), DbErr> {
    let clock = clock.clone();
    let write = writer.write(move |tx| {
        let now = clock.now();
        Box::pin(async move {
            digest::Entity::update_many()
                .col_expr(digest::Column::ClosedAt, sea_orm::sea_query::Expr::value(now))
                .filter(digest::Column::Id.eq(id))
                .filter(digest::Column::ClosedAt.is_null())
                .exec(tx)
                .await
        })
    });
    write.await.map(|_| ())
}

/// The key of a digest's message.
pub(crate) fn key(digest: DigestId) -> String {
    format!("digest:{digest}")
}

/// Makes an incident's lines tell its present state; gives the digests that are to be written for that. None where another worker has the
/// incident by now.
pub(crate) async fn follow(
    writer: &GroupWriter,
    clock: &Clock,
    fence: &Fence,
    lines: &[digest_line::Model],
    incident: &Incident,
) -> Result<Option<Vec<DigestId>>, DbErr> {
    let mut digests = Vec::new();
    for line in lines.iter().filter(|line| line.shown_version < incident.version) {
        match change(writer, clock, fence, line, incident).await? {
            LineChange::Digest(digest) => digests.push(digest),
            LineChange::None => {}
            LineChange::Lost => return Ok(None),
        }
    }
    Ok(Some(digests))
}

/// What follows from a line that tells its incident's present state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineChange {
    /// The line said so already.
    None,
    /// This digest is to be written.
    Digest(DigestId),
    /// Nothing was written: another worker has the incident by now.
    Lost,
}

/// Makes the incident's line tell its present state.
async fn change(
    writer: &GroupWriter,
    clock: &Clock,
    fence: &Fence,
    old: &digest_line::Model,
    incident: &Incident,
) -> Result<LineChange, DbErr> {
    let text = content::line(incident).as_str().to_owned();
    let (old, version) = (old.clone(), incident.version);
    let (fence, clock) = (fence.clone(), clock.clone());
    let write = writer.write(move |tx| {
        let (old, text) = (old.clone(), text.clone());
        let (fence, now) = (fence.clone(), clock.now());
        Box::pin(async move {
            if !fence.stands(tx).await? {
                return Ok(LineChange::Lost);
            }
            let says_so = old.line == text;
            let digest = old.digest_id;
            let mut row = old.into_active_model();
            row.line = Set(text);
            row.shown_version = Set(version);
            row.update(tx).await?;
            if says_so {
                return Ok(LineChange::None);
            }
            touch(tx, digest, now).await.map(|()| LineChange::Digest(digest))
        })
    });
    write.await
}

async fn touch(tx: &DatabaseTransaction, digest: DigestId, now: OffsetDateTime) -> Result<(), DbErr> {
    let sql = format!("UPDATE slack_digest SET wanted_version = wanted_version + 1, {DUE} WHERE id = $1");
    let values = [
        digest.into(),
        now.into(),
        (now - BETWEEN).into(),
        (now + BETWEEN).into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(
        tx.get_database_backend(),
        sql,
        values,
    ))
    .await?;
    Ok(())
}

/// All lines of a digest, in their order.
pub(crate) async fn of_digest(db: &impl ConnectionTrait, digest: DigestId) -> Result<Vec<String>, DbErr> {
    use sea_orm::{QueryOrder, QuerySelect};
    digest_line::Entity::find()
        .select_only()
        .column(digest_line::Column::Line)
        .filter(digest_line::Column::DigestId.eq(digest))
        .order_by_asc(digest_line::Column::Position)
        .into_tuple()
        .all(db)
        .await
}
