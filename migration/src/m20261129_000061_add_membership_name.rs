//! What an organisation says of a person, their name and e-mail address, belongs to their membership of it.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const MEMBERSHIP: &str = "membership";

/// Null where a replica of the version before has added the member; the API fills it in.
fn of_membership() -> Vec<ColumnDef> {
    vec![maybe_text("name"), maybe_text("email")]
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        add_columns(m, MEMBERSHIP, of_membership()).await?;
        m.get_connection()
            .execute_unprepared(
                "UPDATE membership SET \
                 name = (SELECT name FROM user_account WHERE user_account.id = membership.user_id), \
                 email = (SELECT email FROM user_account WHERE user_account.id = membership.user_id)",
            )
            .await?;
        index(m, true, MEMBERSHIP, "organization_id, email", None).await?;
        // The Slack bridge asks for a person by address in all organisations.
        index(m, false, MEMBERSHIP, "email", None).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for name in ["idx_membership_organization_id_email", "idx_membership_email"] {
            let drop = Index::drop().name(name).table(Alias::new(MEMBERSHIP)).to_owned();
            m.drop_index(drop).await?;
        }
        drop_columns(m, MEMBERSHIP, of_membership()).await
    }
}
