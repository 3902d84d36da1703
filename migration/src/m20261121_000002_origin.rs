//! Where in Slack an incident was created, and who there asked not to be matched with a member.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "slack_origin";
const USERS: &str = "slack_user";
const UNLINKED: &str = "unlinked";

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        create(
            m,
            TABLE,
            &["incident_id"],
            vec![
                id("incident_id"),
                id("organization_id"),
                id("connector_id"),
                text("team_id"),
                text("channel_id"),
                maybe_text("thread_ts"),
                time("created_at"),
            ],
            &[],
        )
        .await?;
        index(m, false, TABLE, "thread_ts", Some("thread_ts IS NOT NULL")).await?;
        let mut unlinked = ColumnDef::new(Alias::new(UNLINKED));
        unlinked.boolean().not_null().default(false);
        let table = Table::alter()
            .table(Alias::new(USERS))
            .add_column(unlinked)
            .take();
        m.alter_table(table).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter()
            .table(Alias::new(USERS))
            .drop_column(Alias::new(UNLINKED))
            .take();
        m.alter_table(table).await?;
        m.drop_table(Table::drop().table(Alias::new(TABLE)).to_owned())
            .await
    }
}
