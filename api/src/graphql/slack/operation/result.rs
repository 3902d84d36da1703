//! What comes of the operations, as the bridge reports it and as it is kept.

use async_graphql::{InputObject, SimpleObject};
use tocsin_domain::operation::{ConnectionReport, CreatedChannel, IdentityFound, TestMessage};
use tocsin_entity::kinds::SlackMatch;

/// The bot of a workspace, and what the bot may do there.
#[derive(Debug, Clone, InputObject)]
pub(crate) struct SlackConnectionReport {
    /// The Slack id of the workspace (`T…`).
    pub(crate) team_id: String,
    /// The workspace's name in Slack.
    pub(crate) team_name: String,
    /// The Slack id of the bot's user (`U…`).
    pub(crate) bot_user_id: String,
    /// The Slack id of the app (`A…`); null if Slack doesn't give the id.
    pub(crate) app_id: Option<String>,
    /// The scopes that Slack says were granted.
    pub(crate) scopes: Vec<String>,
}

/// A test message that was posted in Slack.
#[derive(Debug, Clone, InputObject, SimpleObject)]
#[graphql(input_name = "SlackTestMessageReport")]
pub(crate) struct SlackTestMessage {
    /// The channel's Slack id (`C…`).
    pub(crate) channel_id: String,
    /// The channel's name, as people know the channel.
    pub(crate) channel: String,
    /// The message's timestamp, by which Slack identifies the message.
    pub(crate) ts: String,
    /// The message's web address, for people; null if Slack didn't give the address.
    pub(crate) permalink: Option<String>,
}

/// The person in Slack that a user is.
#[derive(Debug, Clone, InputObject, SimpleObject)]
#[graphql(input_name = "SlackIdentityReport")]
pub(crate) struct SlackIdentityFound {
    /// The person's Slack id (`U…`).
    pub(crate) slack_user_id: String,
    /// The person's name in Slack.
    pub(crate) slack_name: String,
    /// The way in which the person was matched with the user.
    #[graphql(name = "match")]
    pub(crate) known_by: SlackMatch,
}

/// A channel that was created, or already existed when the bridge tried again.
#[derive(Debug, Clone, InputObject, SimpleObject)]
#[graphql(input_name = "CreatedSlackChannelReport")]
pub(crate) struct CreatedSlackChannel {
    /// The channel's Slack id (`C…`), which you can give a connector as the channel.
    pub(crate) id: String,
    /// The channel's name, without the hash.
    pub(crate) name: String,
    /// Whether the channel is private.
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
