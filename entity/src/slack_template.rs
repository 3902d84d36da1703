//! A template: an organisation's own words for the messages that its connectors post.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::id::{OrganizationId, SlackTemplateId};

/// A template: an organisation's own words for the messages that its connectors post.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_template")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SlackTemplateId,
    /// The organisation whose it is.
    pub organization_id: OrganizationId,
    /// What people call it; unique in the organisation.
    pub name: String,
    /// What stands above the coloured part; the default where there is none.
    pub title: Option<String>,
    /// The text in the coloured part; the default where there is none.
    pub body: Option<String>,
    /// The facts in two columns, as JSON: a list of `{"name", "value"}`; the default where there is none.
    pub fields: Option<String>,
    /// When it was created.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
