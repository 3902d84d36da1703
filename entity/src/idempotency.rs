//! What a caller's idempotency key was used for. Kept 24 hours.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::id::OrganizationId;

/// What a caller's idempotency key was used for. Kept 24 hours.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    /// The organisation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: OrganizationId,
    /// Who used the key (a key or a user id): callers never meet each other's keys.
    #[sea_orm(primary_key, auto_increment = false)]
    pub caller: String,
    /// The caller's key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// SHA-256 of the operation and its input, in hex: the same key with another input is refused.
    pub fingerprint: String,
    /// What came of it: the id of the object made or changed.
    pub result: Json,
    /// When it was used.
    pub created_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
