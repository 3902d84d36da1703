//! Messages that are too long for the dialog that was filled with them: kept whole until the dialog is submitted.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "slack_draft";

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![
            id("id"),
            text("opened_by"),
            text("shown"),
            text("markdown"),
            time("created_at"),
        ];
        create(m, TABLE, &["id"], columns, &[]).await?;
        index(m, false, TABLE, "created_at", None).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.drop_table(Table::drop().table(Alias::new(TABLE)).to_owned())
            .await
    }
}
