//! A digest: one message for the incidents of a storm, in one channel.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::id::{ConnectorId, DigestId, OrganizationId};

/// A digest: one message for the incidents of a storm, in one channel.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_digest")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DigestId,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// The connector; it has one open digest at the most.
    pub connector_id: ConnectorId,
    /// How many incidents it holds.
    pub lines: i32,
    /// When it was opened.
    pub opened_at: OffsetDateTime,
    /// When it took its last incident; none while it takes more.
    pub closed_at: Option<OffsetDateTime>,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
