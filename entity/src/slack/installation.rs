//! How a connected Slack workspace is, as the bridge has found it.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::{
    id::{OrganizationId, WorkspaceId},
    kinds::SlackWorkspaceStatus,
};

/// How a connected Slack workspace is, as the bridge has found it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_installation")]
pub struct Model {
    /// The workspace.
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// What Slack calls the workspace.
    pub team_id: Option<String>,
    /// What people call it.
    pub team_name: Option<String>,
    /// The Slack app.
    pub app_id: Option<String>,
    /// The bot, as a user.
    pub bot_user_id: Option<String>,
    /// The scopes that were granted, with commas between.
    pub scopes: String,
    /// Which of its tokens this was found with, as `slack_workspace.token_version` counts them; 0 where it was written before that was kept.
    pub token_version: i32,
    /// How it is.
    pub status: SlackWorkspaceStatus,
    /// Why it does not work: Slack's or our code.
    pub reason_code: Option<String>,
    /// The same for people, with what to do.
    pub reason: Option<String>,
    /// Since when it is so.
    pub status_since: OffsetDateTime,
    /// When Slack last took a message there.
    pub last_delivered_at: Option<OffsetDateTime>,
    /// When this was last written.
    pub updated_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Whether it tells of a workspace's token of this version. What was written before versions were kept is taken for that.
    pub fn is_of_token(&self, version: i32) -> bool {
        self.token_version == 0 || self.token_version >= version
    }
}

/// The reason code of one whose token works and lacks a scope that a call has needed.
pub const MISSING_SCOPE: &str = "missing_scope";

/// Why an installation fails in whose team others are connected, so that an organisation's own app is not listened to there.
pub const SHARED_WORKSPACE: &str = "shared_workspace";

/// What the bot token of a workspace is sealed for: the api seals it, and the bridge opens it.
pub fn token_place(id: WorkspaceId) -> String {
    format!("slack_workspace.bot_token:{id}")
}
