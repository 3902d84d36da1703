//! Slack workspaces: as administrators want them, and as the bridge has found them.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const WORKSPACE: &str = "slack_workspace";
const INSTALLATION: &str = "slack_installation";
const CONNECTOR: &str = "connector";
const COLUMN: &str = "workspace_id";

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        create(
            m,
            WORKSPACE,
            &["id"],
            vec![
                id("id"),
                id("organization_id"),
                text("name"),
                maybe_text("sealed_bot_token"),
                int("token_version"),
                maybe_time("disconnected_at"),
                maybe_id("created_by"),
                time("created_at"),
                time("updated_at"),
            ],
            &[("organization_id", "organization", ForeignKeyAction::Cascade)],
        )
        .await?;
        index(m, true, WORKSPACE, "organization_id, name", None).await?;
        create(
            m,
            INSTALLATION,
            &["workspace_id"],
            vec![
                id("workspace_id"),
                id("organization_id"),
                maybe_text("team_id"),
                maybe_text("team_name"),
                maybe_text("app_id"),
                maybe_text("bot_user_id"),
                text("scopes"),
                kind("status"),
                maybe_text("reason_code"),
                maybe_text("reason"),
                time("status_since"),
                time("updated_at"),
            ],
            &[],
        )
        .await?;
        let table = Table::alter()
            .table(Alias::new(CONNECTOR))
            .add_column(maybe_id(COLUMN))
            .take();
        m.alter_table(table).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter()
            .table(Alias::new(CONNECTOR))
            .drop_column(Alias::new(COLUMN))
            .take();
        m.alter_table(table).await?;
        for table in [INSTALLATION, WORKSPACE] {
            m.drop_table(Table::drop().table(Alias::new(table)).to_owned())
                .await?;
        }
        Ok(())
    }
}
