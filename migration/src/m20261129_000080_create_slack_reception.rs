//! What became of the requests that came to Slack's addresses, so that the doctor can tell of a wrong signing secret.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "slack_reception";

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        create(
            m,
            TABLE,
            &["code", "app_id"],
            vec![
                kind("code"),
                kind("app_id"),
                big("count"),
                time("first_at"),
                time("last_at"),
            ],
            &[],
        )
        .await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.drop_table(Table::drop().table(Alias::new(TABLE)).to_owned())
            .await
    }
}
