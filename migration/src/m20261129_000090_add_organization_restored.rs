//! When the database was last seen to have been restored from a backup.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const ORGANIZATION: &str = "organization";

fn added() -> Vec<ColumnDef> {
    vec![maybe_time("restored_at")]
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        add_columns(m, ORGANIZATION, added()).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        drop_columns(m, ORGANIZATION, added()).await
    }
}
