//! The channels of Slack workspaces, as a directory: when they were last read whole.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const DIRECTORY: &str = "slack_directory";

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        create(
            m,
            DIRECTORY,
            &["team_id"],
            vec![text("team_id"), flag("is_servers"), maybe_time("refreshed_at")],
            &[],
        )
        .await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.drop_table(Table::drop().table(Alias::new(DIRECTORY)).to_owned())
            .await
    }
}
