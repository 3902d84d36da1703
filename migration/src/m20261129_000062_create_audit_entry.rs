//! What administrators have changed. Entries are added and read: the database refuses to change or delete them.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const ENTRY: &str = "audit_entry";

const ON_SQLITE: [&str; 3] = [
    "CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry \
     BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END",
    "CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry \
     BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END",
    // INSERT OR REPLACE deletes without firing the trigger above.
    "CREATE TRIGGER audit_entry_no_replace BEFORE INSERT ON audit_entry \
     WHEN EXISTS (SELECT 1 FROM audit_entry WHERE id = NEW.id) \
     BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END",
];

const ON_POSTGRESQL: [&str; 3] = [
    "CREATE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS \
     $$ BEGIN RAISE EXCEPTION 'audit_entry is append-only'; END $$",
    "CREATE TRIGGER audit_entry_no_change BEFORE UPDATE OR DELETE ON audit_entry \
     FOR EACH ROW EXECUTE FUNCTION audit_entry_refuse()",
    "CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry \
     FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()",
];

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        create(
            m,
            ENTRY,
            &["id"],
            vec![
                id("id"),
                id("organization_id"),
                text("action"),
                kind("through"),
                maybe_id("actor_user_id"),
                maybe_id("actor_key_id"),
                text("actor_name"),
                maybe_text("address"),
                maybe_text("request_id"),
                kind("subject_kind"),
                text("subject_id"),
                text("subject_name"),
                maybe_json("before"),
                maybe_json("after"),
                time("created_at"),
            ],
            &[],
        )
        .await?;
        index(m, false, ENTRY, "organization_id, id", None).await?;
        let triggers = if m.get_database_backend() == DbBackend::Postgres {
            ON_POSTGRESQL
        } else {
            ON_SQLITE
        };
        for trigger in triggers {
            m.get_connection().execute_unprepared(trigger).await?;
        }
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.drop_table(Table::drop().table(Alias::new(ENTRY)).to_owned())
            .await?;
        if m.get_database_backend() == DbBackend::Postgres {
            m.get_connection()
                .execute_unprepared("DROP FUNCTION audit_entry_refuse()")
                .await?;
        }
        Ok(())
    }
}
