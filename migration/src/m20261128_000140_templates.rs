//! Templates: an organisation's own words for what connectors post.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TEMPLATE: &str = "slack_template";
const CONNECTOR: &str = "connector";

fn added() -> Vec<ColumnDef> {
    vec![maybe_id("template_id")]
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        create(
            m,
            TEMPLATE,
            &["id"],
            vec![
                id("id"),
                id("organization_id"),
                text("name"),
                maybe_text("title"),
                maybe_text("body"),
                maybe_text("fields"),
                time("created_at"),
                time("updated_at"),
            ],
            &[("organization_id", "organization", ForeignKeyAction::Cascade)],
        )
        .await?;
        index(m, true, TEMPLATE, "organization_id, name", None).await?;
        add_columns(m, CONNECTOR, added()).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        drop_columns(m, CONNECTOR, added()).await?;
        m.drop_table(Table::drop().table(Alias::new(TEMPLATE)).to_owned())
            .await
    }
}
