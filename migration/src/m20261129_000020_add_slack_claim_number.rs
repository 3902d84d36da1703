//! Claims are numbered, so that a worker which has lost its claim cannot write any more; and a limit of Slack's says when it was set.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Where a worker claims a row.
const CLAIMED: [&str; 4] = ["slack_incident", "slack_digest", "slack_home", "slack_token"];

/// Where what Slack shows may have to be doubted.
const DOUBTED: [&str; 3] = ["slack_incident", "slack_digest", "slack_home"];

fn claim() -> ColumnDef {
    big("claim").default(0).take()
}

fn in_doubt() -> ColumnDef {
    flag("in_doubt").default(false).take()
}

fn blocked_at() -> ColumnDef {
    big("blocked_at").default(0).take()
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for table in CLAIMED {
            add_columns(m, table, vec![claim()]).await?;
        }
        for table in DOUBTED {
            add_columns(m, table, vec![in_doubt()]).await?;
        }
        add_columns(m, "slack_pace", vec![blocked_at()]).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        drop_columns(m, "slack_pace", vec![blocked_at()]).await?;
        for table in DOUBTED {
            drop_columns(m, table, vec![in_doubt()]).await?;
        }
        for table in CLAIMED {
            drop_columns(m, table, vec![claim()]).await?;
        }
        Ok(())
    }
}
