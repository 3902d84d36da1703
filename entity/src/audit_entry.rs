//! An entry of the audit log: what an administrator changed. Entries are only ever added.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::{
    id::{ApiKeyId, AuditEntryId, OrganizationId, UserId},
    kinds::AuditChannel,
};

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_entry")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditEntryId,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// What was done: the name of the mutation, or of what the command line did in its place.
    pub action: String,
    /// By which way the change came.
    pub through: AuditChannel,
    /// The member who acted, where one did.
    pub actor_user_id: Option<UserId>,
    /// The API key that was used, where one was.
    pub actor_key_id: Option<ApiKeyId>,
    /// What the member, or the key that is no member's, was called at the time.
    pub actor_name: String,
    /// The network address that the request came from.
    pub address: Option<String>,
    /// The id of the request.
    pub request_id: Option<String>,
    /// The kind of object that was changed, as GraphQL calls it.
    pub subject_kind: String,
    /// The id of the object, as it is outside.
    pub subject_id: String,
    /// What the object was called.
    pub subject_name: String,
    /// How it was, as JSON, secrets masked; none where it was made.
    pub before: Option<Json>,
    /// How it is, as JSON, secrets masked; none where it was deleted.
    pub after: Option<Json>,
    /// When it was changed.
    pub created_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
