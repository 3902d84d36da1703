//! A key to the API. The key itself is shown once and kept only as a hash.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::id::{ApiKeyId, OrganizationId, UserId};

/// A key to the API. The key itself is shown once and kept only as a hash.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiKeyId,
    /// The organisation it opens.
    pub organization_id: OrganizationId,
    /// The member it acts as; none for a key of the organisation itself.
    pub user_id: Option<UserId>,
    /// What people call it.
    pub name: String,
    /// SHA-256 of the key, in hex; unique.
    pub hash: String,
    /// The key's last four characters, to tell keys apart.
    pub hint: String,
    /// A JSON array of [`crate::kinds::Scope`] names.
    pub scopes: Json,
    /// When it was last used, to the minute.
    pub last_used_at: Option<OffsetDateTime>,
    /// When it was revoked.
    pub revoked_at: Option<OffsetDateTime>,
    /// When it expires; never where it is null.
    pub expires_at: Option<OffsetDateTime>,
    /// The member who created it, where one did.
    pub created_by_user_id: Option<UserId>,
    /// The API key by which it was created, where that is no member's.
    pub created_by_key_id: Option<ApiKeyId>,
    /// When it was created.
    pub created_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
