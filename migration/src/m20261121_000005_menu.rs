//! How often the menu of an incident's message was used: Slack shows a menu's choice until the block has another name.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "slack_incident";
const COLUMN: &str = "menu_uses";

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let mut column = ColumnDef::new(Alias::new(COLUMN));
        column.integer().not_null().default(0);
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
