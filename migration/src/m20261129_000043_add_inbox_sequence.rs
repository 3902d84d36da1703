//! Requests from Slack that are worked one after another, as the replies of a thread are.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const INBOX: &str = "slack_inbox";
const SEQUENCES: &str = "slack_sequence";
const INDEX: &str = "idx_slack_inbox_sequence_sequence_at";

/// Replicas of the version before write rows without them, which are worked one by one.
fn added() -> Vec<ColumnDef> {
    vec![maybe_text("sequence"), big("sequence_at").default(0).take()]
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        add_columns(m, INBOX, added()).await?;
        index(
            m,
            false,
            INBOX,
            "sequence, sequence_at",
            Some("state = 'PENDING'"),
        )
        .await?;
        create(
            m,
            SEQUENCES,
            &["key"],
            vec![text("key"), id("claim"), big("claimed_until")],
            &[],
        )
        .await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.drop_table(Table::drop().table(Alias::new(SEQUENCES)).to_owned())
            .await?;
        m.drop_index(Index::drop().name(INDEX).table(Alias::new(INBOX)).to_owned())
            .await?;
        drop_columns(m, INBOX, added()).await
    }
}
