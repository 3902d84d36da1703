//! Who and what in Slack belongs to another company, who is a guest, and whose links get a preview.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const USER: &str = "slack_user";
const CHANNEL: &str = "slack_channel";
const ORGANIZATION: &str = "organization";

fn of_user() -> Vec<ColumnDef> {
    vec![
        flag("is_external").default(false).take(),
        flag("is_guest").default(false).take(),
    ]
}

fn of_channel() -> Vec<ColumnDef> {
    vec![flag("is_shared").default(false).take()]
}

fn of_organization() -> Vec<ColumnDef> {
    vec![kind("slack_preview_policy").default("WORKSPACE").take()]
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        add_columns(m, USER, of_user()).await?;
        add_columns(m, CHANNEL, of_channel()).await?;
        add_columns(m, ORGANIZATION, of_organization()).await?;
        // Who was read before is read again before it matters.
        m.get_connection()
            .execute_unprepared("UPDATE slack_user SET refreshed_at = '1970-01-01T00:00:00Z'")
            .await
            .map(|_| ())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        drop_columns(m, ORGANIZATION, of_organization()).await?;
        drop_columns(m, CHANNEL, of_channel()).await?;
        drop_columns(m, USER, of_user()).await
    }
}
