//! When a timer is tried next, how often it was tried, and why the last try failed.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "timer";

/// Replicas of the version before write rows without `fire_at`: the API gives them one when it looks after its timers.
fn added() -> Vec<ColumnDef> {
    vec![
        maybe_big("fire_at"),
        int("attempts").default(0).take(),
        maybe_text("last_error"),
    ]
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        add_columns(m, TABLE, added()).await?;
        let due_at = microseconds(m.get_database_backend(), "due_at");
        m.get_connection()
            .execute_unprepared(&format!("UPDATE timer SET fire_at = {due_at}"))
            .await?;
        index(m, false, TABLE, "fire_at", None).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.drop_index(
            Index::drop()
                .name("idx_timer_fire_at")
                .table(Alias::new(TABLE))
                .to_owned(),
        )
        .await?;
        drop_columns(m, TABLE, added()).await
    }
}

/// A stored time in microseconds since 1970. SQLite keeps times as text, `2026-11-29T12:00:00.5Z`, whose fractions do not sort.
pub(crate) fn microseconds(backend: DbBackend, column: &str) -> String {
    if backend == DbBackend::Sqlite {
        format!(
            "CAST(strftime('%s', {column}) AS INTEGER) * 1000000 \
             + CAST(ROUND(CAST('0' || substr({column}, 20) AS REAL) * 1000000) AS INTEGER)"
        )
    } else {
        format!("CAST(EXTRACT(EPOCH FROM {column}) * 1000000 AS BIGINT)")
    }
}
