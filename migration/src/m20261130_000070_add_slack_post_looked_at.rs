//! Which messages are of open incidents, and when it was last looked whether each is in Slack still: somebody may have deleted it.
//!
//! Null where the version before wrote the row: such a message is looked for after its next change.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const SLACK_POST: &str = "slack_post";
const INDEX: &str = "idx_slack_post_looked_at";

fn added() -> Vec<ColumnDef> {
    let is_open = ColumnDef::new(Alias::new("is_open")).boolean().null().take();
    vec![is_open, maybe_time("looked_at")]
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        add_columns(m, SLACK_POST, added()).await?;
        index(m, false, SLACK_POST, "looked_at", Some("is_open")).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let dropped = Index::drop().name(INDEX).table(Alias::new(SLACK_POST)).to_owned();
        m.drop_index(dropped).await?;
        drop_columns(m, SLACK_POST, added()).await
    }
}
