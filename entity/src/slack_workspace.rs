//! A Slack workspace that an organisation is connected to, as its administrators want it. Owned by the api; the bridge reads it by GraphQL, and
//! keeps in [`crate::slack::installation`] how it is.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::id::{OrganizationId, UserId, WorkspaceId};

/// A Slack workspace that an organisation is connected to, as its administrators want it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_workspace")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WorkspaceId,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// What administrators call it.
    pub name: String,
    /// The bot token, sealed; none once it is disconnected.
    pub sealed_bot_token: Option<String>,
    /// How often the token was set: whoever has used another looks again.
    pub token_version: i32,
    /// When an administrator has disconnected it.
    pub disconnected_at: Option<OffsetDateTime>,
    /// Who connected it.
    pub created_by: Option<UserId>,
    /// When it was connected.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
