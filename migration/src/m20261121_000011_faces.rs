//! What people in Slack look like.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "slack_user";
const COLUMN: &str = "image_url";

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let mut column = ColumnDef::new(Alias::new(COLUMN));
        column.text().null();
        let table = Table::alter().table(Alias::new(TABLE)).add_column(column).take();
        m.alter_table(table).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter()
            .table(Alias::new(TABLE))
            .drop_column(Alias::new(COLUMN))
            .take();
        m.alter_table(table).await
    }
}
