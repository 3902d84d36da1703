//! Which account at an OpenID issuer a member signs in with; unique for the member and for the account.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::id::{OrganizationId, UserId};

/// Which account at an OpenID issuer a member signs in with; unique for the member and for the account.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oidc_identity")]
pub struct Model {
    /// The organisation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: OrganizationId,
    /// The member.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// The issuer, as it names itself.
    #[sea_orm(primary_key, auto_increment = false)]
    pub issuer: String,
    /// What the issuer calls the account.
    pub subject: String,
    /// When the member first signed in with it.
    pub created_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
