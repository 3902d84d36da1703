//! Which accounts at OpenID issuers members sign in with, and states that were used.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const IDENTITY: &str = "oidc_identity";
const STATE: &str = "oidc_state";

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        create(
            m,
            IDENTITY,
            &["organization_id", "user_id", "issuer"],
            vec![
                id("organization_id"),
                id("user_id"),
                text("issuer"),
                text("subject"),
                time("created_at"),
            ],
            &[
                ("organization_id", "organization", ForeignKeyAction::Cascade),
                ("user_id", "user_account", ForeignKeyAction::Cascade),
            ],
        )
        .await?;
        index(m, true, IDENTITY, "issuer, subject, organization_id", None).await?;
        create(m, STATE, &["nonce"], vec![text("nonce"), time("expires_at")], &[]).await?;
        index(m, false, STATE, "expires_at", None).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for table in [STATE, IDENTITY] {
            m.drop_table(Table::drop().table(Alias::new(table)).to_owned())
                .await?;
        }
        Ok(())
    }
}
