//! What was deleted in Slack before it was heard of, and who was told something there once.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TOMBSTONES: &str = "slack_tombstone";
const TOLD: &str = "slack_told";

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        create(
            m,
            TOMBSTONES,
            &["channel_id", "ts"],
            vec![text("channel_id"), text("ts"), time("created_at")],
            &[],
        )
        .await?;
        create(
            m,
            TOLD,
            &["channel_id", "thread_ts", "slack_user_id", "code"],
            vec![
                text("channel_id"),
                text("thread_ts"),
                text("slack_user_id"),
                text("code"),
                time("created_at"),
            ],
            &[],
        )
        .await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for table in [TOLD, TOMBSTONES] {
            m.drop_table(Table::drop().table(Alias::new(table)).to_owned())
                .await?;
        }
        Ok(())
    }
}
