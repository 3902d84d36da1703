//! With which of a workspace's tokens the bridge has found how it is: what it found with an earlier one says nothing of the present one.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "slack_installation";

fn added() -> Vec<ColumnDef> {
    vec![int("token_version").default(0).take()]
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        add_columns(m, TABLE, added()).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        drop_columns(m, TABLE, added()).await
    }
}
