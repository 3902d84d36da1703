//! Where a connector failed, so that a worker tells a failure of where it led before from one of where it leads now.
//!
//! Null while a connector works, and where the version before wrote the row.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const SLACK_CONNECTOR: &str = "slack_connector";

fn added() -> Vec<ColumnDef> {
    vec![maybe_id("failed_workspace_id"), maybe_text("failed_channel")]
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        add_columns(m, SLACK_CONNECTOR, added()).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        drop_columns(m, SLACK_CONNECTOR, added()).await
    }
}
