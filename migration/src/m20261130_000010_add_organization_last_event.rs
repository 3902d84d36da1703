//! In which second an organisation's event log last grew, so that whoever follows all logs finds those that have.
//!
//! A second and no finer: a busy organisation's row then mostly keeps its place in the index, and PostgreSQL updates it in place. Null where nothing
//! was written since, or the version before wrote it.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const ORGANIZATION: &str = "organization";

fn added() -> Vec<ColumnDef> {
    vec![maybe_big("last_event_second")]
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        add_columns(m, ORGANIZATION, added()).await?;
        index(m, false, ORGANIZATION, "last_event_second", None).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let name = "idx_organization_last_event_second";
        m.drop_index(
            Index::drop()
                .name(name)
                .table(Alias::new(ORGANIZATION))
                .to_owned(),
        )
        .await?;
        drop_columns(m, ORGANIZATION, added()).await
    }
}
