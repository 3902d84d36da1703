//! A post-mortem, one for an incident.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::{
    id::{IncidentId, OrganizationId, PostmortemId, UserId},
    kinds::PostmortemStatus,
};

/// A post-mortem, one for an incident.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "postmortem")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PostmortemId,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// The incident; unique.
    pub incident_id: IncidentId,
    /// Its title.
    pub title: String,
    /// Its text, in Markdown.
    pub body_markdown: String,
    /// Where it stands.
    pub status: PostmortemStatus,
    /// Counts its changes, from 1.
    pub version: i64,
    /// Who drafted it.
    pub created_by: Option<UserId>,
    /// When it was drafted.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
    /// When it was sent for review.
    pub review_requested_at: Option<OffsetDateTime>,
    /// When it was published.
    pub published_at: Option<OffsetDateTime>,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
