//! When a service was archived: it takes no new incidents.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const SERVICE: &str = "service";

fn added() -> Vec<ColumnDef> {
    vec![maybe_time("archived_at")]
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        add_columns(m, SERVICE, added()).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        drop_columns(m, SERVICE, added()).await
    }
}
