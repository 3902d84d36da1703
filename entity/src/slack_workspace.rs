//! A Slack workspace that an organisation is connected to, as its administrators want it. Owned by the api; the bridge reads it by GraphQL, and
//! keeps in [`crate::slack::installation`] how it is.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::id::{OrganizationId, SlackAppId, UserId, WorkspaceId};

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
    /// The organisation's own Slack app that is installed there; none for the server's.
    pub app_id: Option<SlackAppId>,
    /// What is wanted of it, with commas between.
    pub features: String,
    /// What Slack calls it, where it was installed by OAuth.
    pub team_id: Option<String>,
    /// By which the next pair of tokens is had, sealed, where Slack changes them.
    pub sealed_refresh_token: Option<String>,
    /// Until when the bot token works, where Slack changes it.
    pub token_expires_at: Option<OffsetDateTime>,
    /// The version of the app's manifest under which it was last installed by OAuth; 0 where it was not.
    pub manifest_version: i32,
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
