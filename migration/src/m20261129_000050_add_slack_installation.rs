//! For which installation a request was taken, and through which app a Home tab was opened: decided once, and not read from the payload again.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const INBOX: &str = "slack_inbox";
const HOME: &str = "slack_home";

fn of_inbox() -> Vec<ColumnDef> {
    vec![maybe_text("team_id")]
}

fn of_home() -> Vec<ColumnDef> {
    vec![maybe_id("app_id")]
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        add_columns(m, INBOX, of_inbox()).await?;
        add_columns(m, HOME, of_home()).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        drop_columns(m, HOME, of_home()).await?;
        drop_columns(m, INBOX, of_inbox()).await
    }
}
