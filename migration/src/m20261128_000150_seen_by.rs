//! Which bot has seen a channel: two apps in one Slack workspace are not in the same channels.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "slack_channel";

fn added() -> Vec<ColumnDef> {
    vec![maybe_text("seen_by")]
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
