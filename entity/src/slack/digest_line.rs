//! An incident's line in a digest.

use sea_orm::entity::prelude::*;

use crate::id::{ConnectorId, DigestId, IncidentId};

/// An incident's line in a digest.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_digest_line")]
pub struct Model {
    /// The incident.
    #[sea_orm(primary_key, auto_increment = false)]
    pub incident_id: IncidentId,
    /// The connector: an incident has one line in each at the most.
    #[sea_orm(primary_key, auto_increment = false)]
    pub connector_id: ConnectorId,
    /// The digest.
    pub digest_id: DigestId,
    /// The line's place, from 1.
    pub position: i32,
    /// What it says, in mrkdwn.
    pub line: String,
    /// The incident's version that it tells of.
    pub shown_version: i64,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
