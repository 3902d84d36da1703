//! A rule that leads incidents to a connector: all that it names must hold.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::{
    id::{ConnectorId, OrganizationId, RuleId, ServiceId},
    kinds::{Severity, Urgency},
};

/// A rule that leads incidents to a connector: all that it names must hold.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "connector_rule")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RuleId,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// Where it leads.
    pub connector_id: ConnectorId,
    /// Incidents of this service.
    pub service_id: Option<ServiceId>,
    /// Incidents of this urgency.
    pub urgency: Option<Urgency>,
    /// Incidents of this severity.
    pub severity: Option<Severity>,
    /// Incidents with this tag.
    pub tag_key: Option<String>,
    /// With this value of it; any where there is none.
    pub tag_value: Option<String>,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
