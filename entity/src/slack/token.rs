//! The tokens of a workspace that Slack changes twice a day: the newest pair.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::id::WorkspaceId;

/// The tokens of a workspace that Slack changes twice a day: the newest pair.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_token")]
pub struct Model {
    /// The workspace.
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    /// Which of the administrator's tokens they come from.
    pub token_version: i32,
    /// The bot token, sealed.
    pub sealed_access_token: String,
    /// By which the next pair is had, once; sealed.
    pub sealed_refresh_token: String,
    /// Until when the bot token works.
    pub expires_at: OffsetDateTime,
    /// The worker that is getting the next pair.
    pub claimed_by: Option<String>,
    /// Until when it may.
    pub claimed_until: Option<OffsetDateTime>,
    /// The number of the present claim: it grows with each, and a worker writes only while it is still its own.
    pub claim: i64,
    /// Why there is no next pair.
    pub trouble: Option<String>,
    /// When this was last written.
    pub updated_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
