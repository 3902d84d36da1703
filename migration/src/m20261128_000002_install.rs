//! Installing the Slack app by OAuth: features, tokens that are changed, links that are used once; and apps of an organisation's own.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const APP: &str = "slack_app";
const WORKSPACE: &str = "slack_workspace";
const INSTALLATION: &str = "slack_installation";
const INBOX: &str = "slack_inbox";
const STATE: &str = "slack_oauth_state";
const TOKEN: &str = "slack_token";

/// What a workspace that is there already was connected for.
const FEATURES: &str = "NOTIFICATIONS,TWO_WAY_SYNC,PREVIEWS,IDENTITY,COMMANDS";

fn of_workspace() -> Vec<ColumnDef> {
    vec![
        maybe_id("app_id"),
        text("features").default(FEATURES).take(),
        maybe_text("team_id"),
        maybe_text("sealed_refresh_token"),
        maybe_time("token_expires_at"),
        int("manifest_version").default(0).take(),
    ]
}

fn of_installation() -> Vec<ColumnDef> {
    vec![maybe_time("last_delivered_at")]
}

fn of_inbox() -> Vec<ColumnDef> {
    vec![maybe_id("app_id")]
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        create(
            m,
            APP,
            &["id"],
            vec![
                id("id"),
                id("organization_id"),
                text("name"),
                maybe_text("client_id"),
                maybe_text("sealed_client_secret"),
                maybe_text("sealed_signing_secret"),
                maybe_text("sealed_app_token"),
                int("version"),
                time("created_at"),
                time("updated_at"),
            ],
            &[("organization_id", "organization", ForeignKeyAction::Cascade)],
        )
        .await?;
        index(m, true, APP, "organization_id, name", None).await?;
        add_columns(m, WORKSPACE, of_workspace()).await?;
        // The same team twice is the same workspace.
        index(
            m,
            true,
            WORKSPACE,
            "organization_id, team_id",
            Some("app_id IS NULL"),
        )
        .await?;
        index(m, true, WORKSPACE, "organization_id, team_id, app_id", None).await?;
        add_columns(m, INSTALLATION, of_installation()).await?;
        add_columns(m, INBOX, of_inbox()).await?;
        create(m, STATE, &["nonce"], vec![text("nonce"), time("expires_at")], &[]).await?;
        create(
            m,
            TOKEN,
            &["workspace_id"],
            vec![
                id("workspace_id"),
                int("token_version"),
                text("sealed_access_token"),
                text("sealed_refresh_token"),
                time("expires_at"),
                maybe_text("claimed_by"),
                maybe_time("claimed_until"),
                maybe_text("trouble"),
                time("updated_at"),
            ],
            &[],
        )
        .await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for table in [TOKEN, STATE] {
            m.drop_table(Table::drop().table(Alias::new(table)).to_owned())
                .await?;
        }
        drop_columns(m, INBOX, of_inbox()).await?;
        drop_columns(m, INSTALLATION, of_installation()).await?;
        for index in ["team_id", "team_id_app_id"] {
            let name = format!("idx_{WORKSPACE}_organization_id_{index}");
            let drop = Index::drop().name(name).table(Alias::new(WORKSPACE)).to_owned();
            m.drop_index(drop).await?;
        }
        drop_columns(m, WORKSPACE, of_workspace()).await?;
        m.drop_table(Table::drop().table(Alias::new(APP)).to_owned())
            .await
    }
}
