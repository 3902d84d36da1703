//! How a connected Slack workspace is, as the bridge has found it.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

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
    /// Whether nothing can be delivered there.
    pub fn is_unusable(&self) -> bool {
        self.status == SlackWorkspaceStatus::Failing && !delivers(self.reason_code.as_deref())
    }

    /// Whether it tells of a workspace's token of this version. What was written before versions were kept is taken for that.
    pub fn is_of_token(&self, version: i32) -> bool {
        self.token_version == 0 || self.token_version >= version
    }
}

/// The reason code of one whose token works and lacks a scope that a call has needed.
pub const MISSING_SCOPE: &str = "missing_scope";

/// Why an installation fails in whose team others are connected, so that an organisation's own app is not listened to there.
pub const SHARED_WORKSPACE: &str = "shared_workspace";

/// The reason code of one whose messages are delivered, and from which nothing comes, since the app's Socket Mode does not work.
pub const SOCKET_MODE_FAILS: &str = "socket_mode_fails";

/// The reason code of one whose token works and is not renewed: Slack refuses the refresh token, or the app's secret.
pub const TOKEN_NOT_RENEWED: &str = "token_not_renewed";

/// The reason code of one whose token can't be opened, since it was sealed under another `TOCSIN_SECRET_KEY`.
pub const SECRET_KEY_MISMATCH: &str = "secret_key_mismatch";

/// The reason code of one whose token can't be opened, since the bridge has no `TOCSIN_SECRET_KEY`.
pub const SECRET_KEY_MISSING: &str = "secret_key_missing";

/// The reason code of one of which Slack says nothing: it can't be reached, or gives no certain answer.
pub const SLACK_UNREACHABLE: &str = "slack_unreachable";

/// The id of the workspace of `SLACK_BOT_TOKEN`, which has no row in `slack_workspace`.
pub const SERVERS: WorkspaceId = WorkspaceId(Uuid::nil());

/// To whom that one belongs: to the server, and to no organisation.
pub const NOBODY: OrganizationId = OrganizationId(Uuid::nil());

/// Whether messages are delivered all the same where something is wrong for this reason, or as soon as Slack answers again.
pub fn delivers(reason_code: Option<&str>) -> bool {
    matches!(
        reason_code,
        Some(MISSING_SCOPE | SHARED_WORKSPACE | SOCKET_MODE_FAILS | TOKEN_NOT_RENEWED | SLACK_UNREACHABLE)
    )
}
