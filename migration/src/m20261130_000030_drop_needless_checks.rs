//! What each change of an incident paid for and nobody needs: an index on when a timer was first due (timers are found by `fire_at`), and, on
//! PostgreSQL, references that others imply. An event belongs to an entry, an entry to an incident, an incident to an organisation; deletions
//! follow that chain. `SQLite` would have to make the tables anew, and looks a reference up at little cost.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// A table, the column that refers, and the table that it refers to.
const IMPLIED: &[(&str, &str, &str)] = &[
    ("event", "organization_id", "organization"),
    ("event", "incident_id", "incident"),
    ("timeline_entry", "organization_id", "organization"),
];

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::drop()
            .if_exists()
            .name("idx_timer_due_at")
            .table(Alias::new("timer"))
            .to_owned();
        m.drop_index(index).await?;
        if m.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        for (table, column, _) in IMPLIED {
            m.get_connection()
                .execute_unprepared(&format!(
                    "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_{column}_fkey"
                ))
                .await?;
        }
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        index(m, false, "timer", "due_at", None).await?;
        if m.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        for (table, column, of) in IMPLIED {
            m.get_connection()
                .execute_unprepared(&format!(
                    "ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_fkey FOREIGN KEY ({column}) REFERENCES {of} (id) ON DELETE CASCADE"
                ))
                .await?;
        }
        Ok(())
    }
}
