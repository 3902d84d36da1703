//! A Slack app of an organisation's own. Its secrets are sealed; the bridge alone opens them.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::id::{OrganizationId, SlackAppId};

/// A Slack app of an organisation's own. Its secrets are sealed; the bridge alone opens them.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_app")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SlackAppId,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// What administrators call it; unique in the organisation.
    pub name: String,
    /// By which Slack knows it in OAuth.
    pub client_id: Option<String>,
    /// The secret to it, sealed.
    pub sealed_client_secret: Option<String>,
    /// What its requests are signed with, sealed.
    pub sealed_signing_secret: Option<String>,
    /// The token of its Socket Mode, sealed.
    pub sealed_app_token: Option<String>,
    /// Grows with each change.
    pub version: i32,
    /// When it was made known.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
