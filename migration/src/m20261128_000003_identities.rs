//! Who is who in Slack by their own word, what becomes of people who are nobody here, and what administrators ask the bridge to do.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const ORGANIZATION: &str = "organization";
const LINK: &str = "slack_link";
const OPERATION: &str = "slack_operation";

/// An organisation that is there already goes on as before.
fn of_organization() -> Vec<ColumnDef> {
    vec![kind("slack_unmatched_policy").default("ATTRIBUTE").take()]
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        add_columns(m, ORGANIZATION, of_organization()).await?;
        create(
            m,
            LINK,
            &["id"],
            vec![
                id("id"),
                id("organization_id"),
                id("user_id"),
                text("team_id"),
                text("slack_user_id"),
                kind("kind"),
                time("created_at"),
            ],
            &[
                ("organization_id", ORGANIZATION, ForeignKeyAction::Cascade),
                ("user_id", "user_account", ForeignKeyAction::Cascade),
            ],
        )
        .await?;
        index(m, true, LINK, "organization_id, team_id, slack_user_id", None).await?;
        index(m, true, LINK, "organization_id, team_id, user_id", None).await?;
        create(
            m,
            OPERATION,
            &["id"],
            vec![
                id("id"),
                id("organization_id"),
                kind("kind"),
                maybe_id("workspace_id"),
                maybe_id("connector_id"),
                maybe_id("user_id"),
                json("input"),
                kind("state"),
                maybe_text("code"),
                maybe_text("message"),
                maybe_json("result"),
                maybe_id("requested_by"),
                time("created_at"),
                time("expires_at"),
                maybe_time("finished_at"),
            ],
            &[("organization_id", ORGANIZATION, ForeignKeyAction::Cascade)],
        )
        .await?;
        index(m, false, OPERATION, "created_at", Some("state = 'PENDING'")).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for table in [OPERATION, LINK] {
            m.drop_table(Table::drop().table(Alias::new(table)).to_owned())
                .await?;
        }
        drop_columns(m, ORGANIZATION, of_organization()).await
    }
}
