//! An earlier text of a comment. Written by `api::incident::apply` alone.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::id::{OrganizationId, TimelineEntryId};

/// An earlier text of a comment. Written by `api::incident::apply` alone.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "comment_revision")]
pub struct Model {
    /// The comment.
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry_id: TimelineEntryId,
    /// The incident's version that put another text in this one's place.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// What was said, in Markdown.
    pub body_markdown: String,
    /// When another text took its place.
    pub replaced_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
