//! What comes of the operations, as the bridge reports it and as it is kept.

use async_graphql::{InputObject, SimpleObject};
use tocsin_domain::operation::{ConnectionReport, CreatedChannel, IdentityFound, TestMessage};
use tocsin_entity::kinds::SlackMatch;

/// Who the bot is in a workspace, and what it may do there.
#[derive(Debug, Clone, InputObject)]
pub(crate) struct SlackConnectionReport {
    /// What Slack calls the workspace (`T…`).
    pub(crate) team_id: String,
    /// What people call it.
    pub(crate) team_name: String,
    /// The bot, as a user.
    pub(crate) bot_user_id: String,
    /// The Slack app, where Slack says so.
    pub(crate) app_id: Option<String>,
    /// The scopes that Slack says were granted.
    pub(crate) scopes: Vec<String>,
}

/// A test message that is in Slack.
#[derive(Debug, Clone, InputObject, SimpleObject)]
#[graphql(input_name = "SlackTestMessageReport")]
pub(crate) struct SlackTestMessage {
    /// The channel's id (`C…`).
    pub(crate) channel_id: String,
    /// The channel, as people know it.
    pub(crate) channel: String,
    /// Slack's name for the message.
    pub(crate) ts: String,
    /// The message's address, for people; null where Slack did not give it.
    pub(crate) permalink: Option<String>,
}

/// Who a member is in Slack.
#[derive(Debug, Clone, InputObject, SimpleObject)]
#[graphql(input_name = "SlackIdentityReport")]
pub(crate) struct SlackIdentityFound {
    /// Slack's id of the person (`U…`).
    pub(crate) slack_user_id: String,
    /// What people in Slack call them.
    pub(crate) slack_name: String,
    /// How it is known that it is they.
    #[graphql(name = "match")]
    pub(crate) known_by: SlackMatch,
}

/// A channel that was created, or had been already when it was looked again.
#[derive(Debug, Clone, InputObject, SimpleObject)]
#[graphql(input_name = "CreatedSlackChannelReport")]
pub(crate) struct CreatedSlackChannel {
    /// Slack's id of the channel (`C…`): what a connector takes for its channel.
    pub(crate) id: String,
    /// Its name, without the hash.
    pub(crate) name: String,
    /// Whether it is private.
    pub(crate) is_private: bool,
}

impl From<SlackConnectionReport> for ConnectionReport {
    fn from(from: SlackConnectionReport) -> Self {
        Self {
            team_id: from.team_id,
            team_name: from.team_name,
            bot_user_id: from.bot_user_id,
            app_id: from.app_id,
            scopes: from.scopes,
        }
    }
}

impl From<SlackTestMessage> for TestMessage {
    fn from(from: SlackTestMessage) -> Self {
        Self {
            channel_id: from.channel_id,
            channel: from.channel,
            ts: from.ts,
            permalink: from.permalink,
        }
    }
}

impl From<TestMessage> for SlackTestMessage {
    fn from(from: TestMessage) -> Self {
        Self {
            channel_id: from.channel_id,
            channel: from.channel,
            ts: from.ts,
            permalink: from.permalink,
        }
    }
}

impl From<SlackIdentityFound> for IdentityFound {
    fn from(from: SlackIdentityFound) -> Self {
        Self {
            slack_user_id: from.slack_user_id,
            slack_name: from.slack_name,
            known_by: from.known_by,
        }
    }
}

impl From<IdentityFound> for SlackIdentityFound {
    fn from(from: IdentityFound) -> Self {
        Self {
            slack_user_id: from.slack_user_id,
            slack_name: from.slack_name,
            known_by: from.known_by,
        }
    }
}

impl From<CreatedSlackChannel> for CreatedChannel {
    fn from(from: CreatedSlackChannel) -> Self {
        Self {
            id: from.id,
            name: from.name,
            is_private: from.is_private,
        }
    }
}

impl From<CreatedChannel> for CreatedSlackChannel {
    fn from(from: CreatedChannel) -> Self {
        Self {
            id: from.id,
            name: from.name,
            is_private: from.is_private,
        }
    }
}
