//! The row that `Database::probe_write` writes to see whether the database can be written.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum DatabaseProbe {
    Table,
    Id,
    WrittenAt,
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut id = ColumnDef::new(DatabaseProbe::Id);
        let mut written_at = ColumnDef::new(DatabaseProbe::WrittenAt);
        let table = Table::create()
            .table(DatabaseProbe::Table)
            .col(id.integer().not_null().primary_key())
            .col(written_at.timestamp_with_time_zone().not_null())
            .to_owned();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::drop().table(DatabaseProbe::Table).to_owned();
        manager.drop_table(table).await
    }
}
