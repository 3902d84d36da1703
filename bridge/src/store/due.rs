//! What waits after a failure, and is worth another try.

use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait},
};
use time::OffsetDateTime;
use tocsin_database::Database;
use tocsin_entity::slack::{digest, incident};

/// Makes due at once what waits after a failure.
pub(crate) async fn make_due(database: &Database, now: OffsetDateTime) -> Result<(), DbErr> {
    incident::Entity::update_many()
        .col_expr(incident::Column::DueAt, Expr::value(now))
        .filter(Expr::col(incident::Column::ShownVersion).lt(Expr::col(incident::Column::WantedVersion)))
        .filter(incident::Column::Attempts.gt(0))
        .filter(incident::Column::DueAt.gt(now))
        .exec(database.write())
        .await?;
    digest::Entity::update_many()
        .col_expr(digest::Column::DueAt, Expr::value(now))
        .filter(Expr::col(digest::Column::ShownVersion).lt(Expr::col(digest::Column::WantedVersion)))
        .filter(digest::Column::Attempts.gt(0))
        .filter(digest::Column::DueAt.gt(now))
        .exec(database.write())
        .await?;
    Ok(())
}
