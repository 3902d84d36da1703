//! A service: what breaks, and who owns it.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::{
    id::{OrganizationId, ServiceId},
    kinds::Urgency,
};

/// A service: what breaks, and who owns it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "service")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ServiceId,
    /// The organisation that runs it.
    pub organization_id: OrganizationId,
    /// The name people read; unique in the organisation.
    pub name: String,
    /// What it is, in Markdown.
    pub description_markdown: String,
    /// The urgency of an incident that names none.
    pub default_urgency: Urgency,
    /// Whether incidents that name no service are its; one in an organisation is.
    pub is_default: bool,
    /// When it was archived: such a service takes no new incidents.
    pub archived_at: Option<OffsetDateTime>,
    /// When it was created.
    pub created_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
