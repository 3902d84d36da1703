//! What one process leaves to the next of this machine's time: on SQLite, where the machine's clock is the database's.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum MachineClock {
    Table,
    Id,
    BootId,
    ZeroUs,
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut id = ColumnDef::new(MachineClock::Id);
        let mut boot_id = ColumnDef::new(MachineClock::BootId);
        let mut zero_us = ColumnDef::new(MachineClock::ZeroUs);
        let table = Table::create()
            .table(MachineClock::Table)
            .col(id.integer().not_null().primary_key())
            .col(boot_id.text().not_null())
            .col(zero_us.big_integer().not_null())
            .to_owned();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::drop().table(MachineClock::Table).to_owned();
        manager.drop_table(table).await
    }
}
