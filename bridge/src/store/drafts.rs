//! Messages that are too long for the dialog that was filled with them, kept whole until it is submitted.

use sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter};
use time::{Duration, OffsetDateTime};
use tocsin_database::Database;
use tocsin_entity::slack::draft::{Column, Entity, Model};
use uuid::Uuid;

/// How long a dialog may stay open.
const KEPT: Duration = Duration::days(7);

/// Keeps one.
pub(crate) async fn keep(database: &Database, draft: Model) -> Result<(), DbErr> {
    let row = draft.into_active_model().reset_all();
    Entity::insert(row)
        .exec_without_returning(database.write())
        .await
        .map(|_| ())
}

/// The whole of what a dialog was filled with, where the same person submits it as it was.
pub(crate) async fn whole(
    database: &Database,
    id: Uuid,
    opened_by: &str,
    submitted: &str,
) -> Result<Option<String>, DbErr> {
    let draft = Entity::find_by_id(id)
        .filter(Column::OpenedBy.eq(opened_by))
        .one(database.read())
        .await?;
    Ok(draft
        .filter(|draft| lines(&draft.shown).eq(lines(submitted)))
        .map(|draft| draft.markdown))
}

/// A text's lines, but for blanks at their ends and around all: Slack may trim what somebody submits.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.trim().lines().map(str::trim_end)
}

/// Forgets those whose dialog is long closed.
pub(crate) async fn clean(database: &Database, now: OffsetDateTime) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::CreatedAt.lt(now - KEPT))
        .exec(database.write())
        .await
        .map(|_| ())
}
