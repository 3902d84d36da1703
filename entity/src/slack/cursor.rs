//! How far the bridge has followed an organisation's event log.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::id::OrganizationId;

/// How far the bridge has followed an organisation's event log.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_cursor")]
pub struct Model {
    /// The organisation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: OrganizationId,
    /// The cursor of the last event followed; none before the first.
    pub cursor: Option<String>,
    /// When it was last moved.
    pub moved_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
