//! The Home tabs that people in Slack have opened.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "slack_home";

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        create(
            m,
            TABLE,
            &["team_id", "slack_user_id"],
            vec![
                text("team_id"),
                text("slack_user_id"),
                text("organizations"),
                time("opened_at"),
                big("wanted_version"),
                big("shown_version"),
                time("due_at"),
                int("attempts"),
                maybe_text("last_error"),
                maybe_text("content_hash"),
                maybe_time("published_at"),
                maybe_time("claimed_until"),
            ],
            &[],
        )
        .await?;
        index(m, false, TABLE, "due_at", Some("shown_version < wanted_version")).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.drop_table(Table::drop().table(Alias::new(TABLE)).to_owned())
            .await
    }
}
