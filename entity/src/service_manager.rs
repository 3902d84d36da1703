//! A member who manages a service: its connectors and its rules.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::id::{OrganizationId, ServiceId, UserId};

/// A member who manages a service: its connectors and its rules.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "service_manager")]
pub struct Model {
    /// The service.
    #[sea_orm(primary_key, auto_increment = false)]
    pub service_id: ServiceId,
    /// The member.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// Since when.
    pub created_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
