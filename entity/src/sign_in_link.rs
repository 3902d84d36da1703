//! A link by which somebody signs in once. Its token is shown once and kept only as a hash.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::{
    id::{OrganizationId, SignInLinkId, UserId},
    kinds::SignInMethod,
};

/// A link by which somebody signs in once. Its token is shown once and kept only as a hash.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_in_link")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SignInLinkId,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// The member whom it signs in; none for one that makes the organisation's first owner.
    pub user_id: Option<UserId>,
    /// SHA-256 of the token, in hex; unique.
    pub hash: String,
    /// How whoever uses it is said to have signed in.
    pub method: SignInMethod,
    /// SHA-256, in hex, of what the one browser holds that may use it; any browser may where it is null.
    pub browser_hash: Option<String>,
    /// When it ends.
    pub expires_at: OffsetDateTime,
    /// When it was used.
    pub used_at: Option<OffsetDateTime>,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
