//! What each secret of Slack's is sealed for: the api and the bridge open what the other has sealed.

use tocsin_entity::id::{SlackAppId, WorkspaceId};

/// What the bot token of a workspace is sealed for: the api seals it, and the bridge opens it.
pub fn token_place(id: WorkspaceId) -> String {
    format!("slack_workspace.bot_token:{id}")
}

/// What the refresh token of a workspace is sealed for.
pub fn refresh_place(id: WorkspaceId) -> String {
    format!("slack_workspace.refresh_token:{id}")
}

/// What a secret of an organisation's own app is sealed for: `client_secret`, `signing_secret` or `app_token`.
pub fn app_place(id: SlackAppId, secret: &str) -> String {
    format!("slack_app.{secret}:{id}")
}
