//! Connectors in full: what they tell, of which incidents, where to go where they fail; the rules that lead to them, and who manages services.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const CONNECTOR: &str = "connector";
const RULE: &str = "connector_rule";
const MANAGER: &str = "service_manager";
const FOUND: &str = "slack_connector";

/// What a connector that is there already tells: all but notes.
const EVENTS: &str = "TRIGGERED,ACKNOWLEDGED,RESOLVED,ESCALATED,REASSIGNED,SLA_BREACHED";

fn added() -> Vec<ColumnDef> {
    vec![
        flag("is_default").default(true).take(),
        text("events").default(EVENTS).take(),
        kind("urgency_filter").default("ALL").take(),
        flag("two_way_sync").default(true).take(),
        maybe_text("appearance_name"),
        maybe_text("appearance_icon"),
        maybe_id("fallback_id"),
    ]
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        add_columns(m, CONNECTOR, added()).await?;
        create(
            m,
            RULE,
            &["id"],
            vec![
                id("id"),
                id("organization_id"),
                id("connector_id"),
                maybe_id("service_id"),
                maybe_kind("urgency"),
                maybe_kind("severity"),
                maybe_text("tag_key"),
                maybe_text("tag_value"),
                time("created_at"),
            ],
            &[
                ("organization_id", "organization", ForeignKeyAction::Cascade),
                ("connector_id", CONNECTOR, ForeignKeyAction::Cascade),
                ("service_id", "service", ForeignKeyAction::Cascade),
            ],
        )
        .await?;
        index(m, false, RULE, "organization_id", None).await?;
        create(
            m,
            MANAGER,
            &["service_id", "user_id"],
            vec![
                id("service_id"),
                id("user_id"),
                id("organization_id"),
                time("created_at"),
            ],
            &[
                ("service_id", "service", ForeignKeyAction::Cascade),
                ("user_id", "user_account", ForeignKeyAction::Cascade),
            ],
        )
        .await?;
        create(
            m,
            FOUND,
            &["connector_id"],
            vec![
                id("connector_id"),
                id("organization_id"),
                kind("status"),
                maybe_text("reason_code"),
                maybe_text("reason"),
                time("status_since"),
                maybe_time("last_delivered_at"),
                maybe_text("template_trouble"),
                maybe_time("template_trouble_at"),
                time("updated_at"),
            ],
            &[],
        )
        .await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for table in [FOUND, MANAGER, RULE] {
            m.drop_table(Table::drop().table(Alias::new(table)).to_owned())
                .await?;
        }
        drop_columns(m, CONNECTOR, added()).await
    }
}
