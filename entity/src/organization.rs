//! An organisation: the tenant that owns everything else.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::{
    id::OrganizationId,
    kinds::{PreviewPolicy, UnmatchedPolicy},
};

/// An organisation: the tenant that owns everything else.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "organization")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrganizationId,
    /// The name people read.
    pub name: String,
    /// The name in addresses: lowercase letters, digits and dashes; unique.
    pub slug: String,
    /// The number of the newest incident; 0 before the first.
    pub last_incident_number: i64,
    /// The sequence number of the newest event; 0 before the first.
    pub last_event_seq: i64,
    /// When it was written, in seconds since 1970, rounded down; none before the first, or where the version before wrote it.
    pub last_event_second: Option<i64>,
    /// What becomes of what people say in Slack who are no members.
    pub slack_unmatched_policy: UnmatchedPolicy,
    /// Whose pasted links get a preview.
    pub slack_preview_policy: PreviewPolicy,
    /// When the database was last restored from a backup, or was found to have been.
    pub restored_at: Option<OffsetDateTime>,
    /// When it was created.
    pub created_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
