//! Until when an API key opens something, who made it, and a counter by which every replica sees that somebody's rights have changed.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const KEY: &str = "api_key";
const AUTHORITY: &str = "authority";

fn of_key() -> Vec<ColumnDef> {
    vec![
        maybe_time("expires_at"),
        maybe_id("created_by_user_id"),
        maybe_id("created_by_key_id"),
    ]
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        add_columns(m, KEY, of_key()).await?;
        create(m, AUTHORITY, &["id"], vec![int("id"), big("version")], &[]).await?;
        let row = Query::insert()
            .into_table(Alias::new(AUTHORITY))
            .columns([Alias::new("id"), Alias::new("version")])
            .values_panic([1.into(), 0.into()])
            .to_owned();
        m.exec_stmt(row).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.drop_table(Table::drop().table(Alias::new(AUTHORITY)).to_owned())
            .await?;
        drop_columns(m, KEY, of_key()).await
    }
}
