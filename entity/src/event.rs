//! The organisation's event log: every change once, in order, without gaps.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::{
    id::{IncidentId, OrganizationId, TimelineEntryId},
    kinds::EventKind,
};

/// The organisation's event log: every change once, in order, without gaps.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// The organisation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: OrganizationId,
    /// 1, 2, 3, … in each organisation, in the order of commit.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// What changed.
    pub kind: EventKind,
    /// The incident that changed.
    pub incident_id: IncidentId,
    /// The incident's version after the change.
    pub incident_version: i64,
    /// The timeline entry that tells of it.
    pub entry_id: TimelineEntryId,
    /// The request that made the change, for logs.
    pub request_id: Option<String>,
    /// When it happened.
    pub created_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
