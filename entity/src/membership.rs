//! A person's membership of an organisation, unique for the two.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::{
    id::{MembershipId, OrganizationId, UserId},
    kinds::Role,
};

/// A person's membership of an organisation, unique for the two.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "membership")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MembershipId,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// The person.
    pub user_id: UserId,
    /// The name that people read there; null where a replica of the version before has just added the member.
    pub name: Option<String>,
    /// Their e-mail address there, in lowercase, unique in the organisation; null as above.
    pub email: Option<String>,
    /// What the person may do there.
    pub role: Role,
    /// When the member was deactivated; such a member may do nothing.
    pub deactivated_at: Option<OffsetDateTime>,
    /// When the person joined.
    pub created_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
