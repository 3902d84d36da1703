//! Members who are signed in with a browser, and links by which they sign in once.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const SESSION: &str = "session";
const LINK: &str = "sign_in_link";

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        create(
            m,
            SESSION,
            &["id"],
            vec![
                id("id"),
                id("organization_id"),
                id("user_id"),
                text("hash"),
                kind("method"),
                maybe_text("user_agent"),
                maybe_text("address"),
                time("last_used_at"),
                time("expires_at"),
                maybe_time("revoked_at"),
                time("created_at"),
            ],
            &[
                ("organization_id", "organization", ForeignKeyAction::Cascade),
                ("user_id", "user_account", ForeignKeyAction::Cascade),
            ],
        )
        .await?;
        index(m, true, SESSION, "hash", None).await?;
        index(m, false, SESSION, "organization_id, user_id", None).await?;
        index(m, false, SESSION, "expires_at", None).await?;
        create(
            m,
            LINK,
            &["id"],
            vec![
                id("id"),
                id("organization_id"),
                maybe_id("user_id"),
                text("hash"),
                kind("method"),
                maybe_text("browser_hash"),
                time("expires_at"),
                maybe_time("used_at"),
                time("created_at"),
            ],
            &[
                ("organization_id", "organization", ForeignKeyAction::Cascade),
                ("user_id", "user_account", ForeignKeyAction::Cascade),
            ],
        )
        .await?;
        index(m, true, LINK, "hash", None).await?;
        index(m, false, LINK, "organization_id, user_id", None).await?;
        index(m, false, LINK, "expires_at", None).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for table in [LINK, SESSION] {
            m.drop_table(Table::drop().table(Alias::new(table)).to_owned())
                .await?;
        }
        Ok(())
    }
}
