//! What comes of the operations, as the bridge reports it and as it is kept.

use serde::{Deserialize, Serialize};
use tocsin_entity::kinds::SlackMatch;

/// Who the bot is in a workspace, and what it may do there.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConnectionReport {
    /// What Slack calls the workspace (`T…`).
    pub team_id: String,
    /// What people call it.
    pub team_name: String,
    /// The bot, as a user.
    pub bot_user_id: String,
    /// The Slack app, where Slack says so.
    pub app_id: Option<String>,
    /// The scopes that Slack says were granted.
    pub scopes: Vec<String>,
}

/// A test message that is in Slack.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TestMessage {
    /// The channel's id (`C…`).
    pub channel_id: String,
    /// The channel, as people know it.
    pub channel: String,
    /// Slack's name for the message.
    pub ts: String,
    /// The message's address, for people; none where Slack did not give it.
    pub permalink: Option<String>,
}

/// Who a member is in Slack.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IdentityFound {
    /// Slack's id of the person (`U…`).
    pub slack_user_id: String,
    /// What people in Slack call them.
    pub slack_name: String,
    /// How it is known that it is they.
    #[serde(rename = "match")]
    pub known_by: SlackMatch,
}

/// A channel that was created, or had been already when it was looked again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreatedChannel {
    /// Slack's id of the channel (`C…`): what a connector takes for its channel.
    pub id: String,
    /// Its name, without the hash.
    pub name: String,
    /// Whether it is private.
    pub is_private: bool,
}

/// What came of an operation: of each kind its own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct OperationResult {
    /// How the workspace answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionReport>,
    /// Where the test message is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_message: Option<TestMessage>,
    /// Who the member is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<IdentityFound>,
    /// How many channels the bot sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_count: Option<i32>,
    /// The channel that was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<CreatedChannel>,
}

/// What else an operation takes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct OperationParameters {
    /// What the channel is to be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_name: Option<String>,
    /// Whether the channel is to be private.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_is_private: Option<bool>,
}
