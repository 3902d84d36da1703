//! Comments that are edited and retracted, and how an incident and a connector are told in Slack.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const REVISIONS: &str = "comment_revision";

/// The columns that the tables get. Replicas of the version before write rows without them.
fn added() -> Vec<(&'static str, ColumnDef)> {
    vec![
        ("incident", flag("slack_muted").default(false).take()),
        ("incident", maybe_kind("slack_reply_mode")),
        ("timeline_entry", big("changed_version").default(0).take()),
        ("timeline_entry", maybe_time("edited_at")),
        ("timeline_entry", maybe_text("revision")),
        ("timeline_entry", maybe_time("retracted_at")),
        // Without a foreign key, which SQLite can't add to a table; members are never deleted.
        ("timeline_entry", maybe_id("retracted_by")),
        ("timeline_entry", flag("slack_muted").default(false).take()),
        ("connector", kind("reply_mode").default("THREAD").take()),
    ]
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        // One statement for each column: SQLite adds no two at a time.
        for (table, mut column) in added() {
            let table = Table::alter()
                .table(Alias::new(table))
                .add_column(&mut column)
                .take();
            m.alter_table(table).await?;
        }
        create(
            m,
            REVISIONS,
            &["entry_id", "version"],
            vec![
                id("entry_id"),
                big("version"),
                id("organization_id"),
                text("body_markdown"),
                time("replaced_at"),
            ],
            &[
                ("entry_id", "timeline_entry", ForeignKeyAction::Cascade),
                ("organization_id", "organization", ForeignKeyAction::Cascade),
            ],
        )
        .await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.drop_table(Table::drop().table(Alias::new(REVISIONS)).to_owned())
            .await?;
        for (table, column) in added().into_iter().rev() {
            let name = Alias::new(column.get_column_name());
            let table = Table::alter().table(Alias::new(table)).drop_column(name).take();
            m.alter_table(table).await?;
        }
        Ok(())
    }
}
