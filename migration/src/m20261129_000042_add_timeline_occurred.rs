//! When what an entry of a timeline tells happened, which may be before it was written down.
//!
//! In microseconds since 1970, so that it sorts alike on both databases. What the version before writes, the database fills: a default on
//! PostgreSQL; on SQLite, whose added columns take constants alone, a trigger.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::{columns::*, m20261129_000041_add_timer_claims::microseconds};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "timeline_entry";

fn added() -> Vec<ColumnDef> {
    vec![big("occurred_at").default(0).take()]
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        add_columns(m, TABLE, added()).await?;
        let backend = m.get_database_backend();
        let created_at = microseconds(backend, "created_at");
        let fill = format!("UPDATE timeline_entry SET occurred_at = {created_at}");
        let later = if backend == DbBackend::Sqlite {
            format!(
                "CREATE TRIGGER timeline_entry_occurred AFTER INSERT ON timeline_entry WHEN NEW.occurred_at = 0 \
                 BEGIN {fill} WHERE id = NEW.id; END"
            )
        } else {
            let now = microseconds(backend, "clock_timestamp()");
            format!("ALTER TABLE timeline_entry ALTER COLUMN occurred_at SET DEFAULT {now}")
        };
        let connection = m.get_connection();
        connection.execute_unprepared(&fill).await?;
        connection.execute_unprepared(&later).await?;
        index(m, false, TABLE, "incident_id, occurred_at, version", None).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let name = "idx_timeline_entry_incident_id_occurred_at_version";
        m.drop_index(Index::drop().name(name).table(Alias::new(TABLE)).to_owned())
            .await?;
        if m.get_database_backend() == DbBackend::Sqlite {
            m.get_connection()
                .execute_unprepared("DROP TRIGGER timeline_entry_occurred")
                .await?;
        }
        drop_columns(m, TABLE, added()).await
    }
}
