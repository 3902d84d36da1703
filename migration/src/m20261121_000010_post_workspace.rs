//! Through which of several workspaces a post is made, and an incident was created.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: [&str; 2] = ["slack_post", "slack_origin"];
const COLUMN: &str = "workspace_id";

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            let mut column = ColumnDef::new(Alias::new(COLUMN));
            column.uuid().null();
            let table = Table::alter().table(Alias::new(table)).add_column(column).take();
            m.alter_table(table).await?;
        }
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            let table = Table::alter()
                .table(Alias::new(table))
                .drop_column(Alias::new(COLUMN))
                .take();
            m.alter_table(table).await?;
        }
        Ok(())
    }
}
