//! The calls that the bridge makes, with their arguments and answers.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tocsin_slack::{
    channel::Channel,
    error::SlackError,
    lenient::{lenient, nullable},
    message::Message,
    metadata::Metadata,
    method::{
        AUTH_TEST, CHAT_DELETE, CHAT_GET_PERMALINK, CHAT_POST_EPHEMERAL, CHAT_POST_MESSAGE, CHAT_UNFURL,
        CHAT_UPDATE, CONVERSATIONS_HISTORY, CONVERSATIONS_INFO, CONVERSATIONS_JOIN, CONVERSATIONS_LIST,
        CONVERSATIONS_OPEN, CONVERSATIONS_REPLIES, Method, REACTIONS_ADD, USERS_INFO, USERS_LOOKUP_BY_EMAIL,
    },
    person::SlackUser,
};

use super::client::Slack;

/// Where Slack put a message.
#[derive(Clone, Debug, Deserialize)]
pub struct PostedMessage {
    /// Its name in the channel.
    pub ts: String,
}

/// An answer of which nothing but its success matters.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct EmptyAnswer {}

/// Who the bot is.
#[derive(Clone, Debug, Deserialize)]
pub struct AuthTest {
    /// The workspace (`T…`).
    pub team_id: String,
    /// The workspace's name.
    #[serde(default, deserialize_with = "nullable")]
    pub team: String,
    /// The bot as a user.
    pub user_id: String,
    /// The user's name.
    pub user: Option<String>,
    /// The address of the workspace, to which the paths of messages are added.
    #[serde(default, deserialize_with = "lenient")]
    pub url: Option<String>,
    /// The bot as the author of messages (`B…`).
    pub bot_id: Option<String>,
    /// The Slack app (`A…`).
    pub app_id: Option<String>,
    /// The enterprise that the workspace is in.
    #[serde(default, deserialize_with = "lenient")]
    pub enterprise_id: Option<String>,
    /// Whether the app is installed for the whole enterprise.
    #[serde(default, deserialize_with = "lenient")]
    pub is_enterprise_install: bool,
}

/// A page of channels.
#[derive(Clone, Debug, Deserialize)]
pub struct ChannelList {
    /// The channels.
    pub channels: Vec<Channel>,
    #[serde(default, deserialize_with = "nullable")]
    response_metadata: Paging,
}

/// A message as Slack gives it back.
#[derive(Clone, Debug, Deserialize)]
pub struct ReadMessage {
    /// Its name in the channel.
    pub ts: String,
    /// The message that began its thread.
    #[serde(default, deserialize_with = "lenient")]
    pub thread_ts: Option<String>,
    /// What it says, as mrkdwn.
    #[serde(default, deserialize_with = "nullable")]
    pub text: String,
    /// The bot that wrote it, if one did.
    pub bot_id: Option<String>,
    /// What it carries for machines.
    #[serde(default, deserialize_with = "lenient")]
    pub metadata: Option<Metadata>,
}

/// A page of messages.
#[derive(Clone, Debug, Deserialize)]
pub struct Messages {
    /// The messages.
    #[serde(default)]
    pub messages: Vec<ReadMessage>,
    #[serde(default, deserialize_with = "nullable")]
    response_metadata: Paging,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Paging {
    #[serde(default, deserialize_with = "nullable")]
    next_cursor: String,
}

impl Paging {
    pub(super) fn next(&self) -> Option<&str> {
        Some(self.next_cursor.as_str()).filter(|cursor| !cursor.is_empty())
    }
}

impl ChannelList {
    /// The cursor of the next page.
    pub fn next(&self) -> Option<&str> {
        self.response_metadata.next()
    }
}

impl Messages {
    /// The cursor of the next page.
    pub fn next(&self) -> Option<&str> {
        self.response_metadata.next()
    }
}

/// One message to read back, or many.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    /// The channel.
    pub channel: &'a str,
    /// The thread to read; the channel's top level when none.
    pub thread_ts: Option<&'a str>,
    /// No messages before this time, in seconds since 1970.
    pub oldest: i64,
    /// The page, as the one before named it.
    pub cursor: Option<&'a str>,
}

/// The most messages that a page may hold. Sources disagree on the maximum; all allow 200.
pub(super) const PAGE: u32 = 200;

/// The most channels that a page may hold: "under 1000".
const CHANNELS_PAGE: u32 = 999;

#[derive(Serialize)]
struct PostArguments<'a> {
    channel: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_ts: Option<&'a str>,
    text: &'a str,
    #[serde(skip_serializing_if = "<[Value]>::is_empty")]
    blocks: &'a [Value],
    #[serde(skip_serializing_if = "<[Value]>::is_empty")]
    attachments: &'a [Value],
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon_emoji: Option<&'a str>,
    metadata: Metadata,
    unfurl_links: bool,
    unfurl_media: bool,
}

/// All of it in every update: what is left out would stay as it was, or vanish.
#[derive(Serialize)]
struct UpdateArguments<'a> {
    channel: &'a str,
    ts: &'a str,
    text: &'a str,
    blocks: &'a [Value],
    attachments: &'a [Value],
    metadata: Metadata,
}

#[derive(Serialize)]
struct AtMessage<'a> {
    channel: &'a str,
    ts: &'a str,
}

#[derive(Serialize)]
struct EphemeralArguments<'a> {
    channel: &'a str,
    user: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_ts: Option<&'a str>,
}

#[derive(Serialize)]
struct ListArguments<'a> {
    types: &'a str,
    exclude_archived: bool,
    limit: u32,
    cursor: Option<&'a str>,
}

#[derive(Serialize)]
struct WindowArguments<'a> {
    channel: &'a str,
    ts: Option<&'a str>,
    oldest: String,
    inclusive: bool,
    include_all_metadata: bool,
    limit: u32,
    cursor: Option<&'a str>,
}

/// Where an unfurl goes: a message, or what is still being composed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum UnfurlTarget {
    /// A message that has been sent.
    Message {
        /// Its channel.
        channel: String,
        /// Its name.
        ts: String,
    },
    /// What the event named by an id of its own.
    Source {
        /// That id.
        unfurl_id: String,
        /// `composer` or `conversations_history`.
        source: String,
    },
}

#[derive(Serialize)]
struct UnfurlArguments<'a> {
    #[serde(flatten)]
    target: &'a UnfurlTarget,
    unfurls: &'a Map<String, Value>,
}

impl Slack {
    /// Who the bot is, and the scopes that it was granted.
    pub async fn auth_test(&self) -> Result<(AuthTest, Vec<String>), SlackError> {
        let (answer, scopes) = self
            .call_with_scopes(AUTH_TEST, &Map::<String, Value>::new())
            .await?;
        let scopes = scopes.unwrap_or_default();
        let scopes = scopes
            .split(',')
            .map(|scope| scope.trim().to_owned())
            .filter(|scope| !scope.is_empty());
        Ok((answer, scopes.collect()))
    }

    /// Posts a message. Its place among the channel's posts has been taken by the caller.
    pub async fn post_message(
        &self,
        channel: &str,
        thread_ts: Option<&str>,
        message: &Message,
        metadata: Metadata,
    ) -> Result<PostedMessage, SlackError> {
        let Message {
            text,
            blocks,
            attachments,
            username,
            icon_url,
            icon_emoji,
        } = message;
        let (username, icon_url) = (username.as_deref(), icon_url.as_deref());
        let icon_emoji = icon_emoji.as_deref();
        let (unfurl_links, unfurl_media) = (false, false);
        let arguments = PostArguments {
            channel,
            thread_ts,
            text,
            blocks,
            attachments,
            username,
            icon_url,
            icon_emoji,
            metadata,
            unfurl_links,
            unfurl_media,
        };
        self.call_in_place(CHAT_POST_MESSAGE, &arguments).await
    }

    /// Gives a message new content, all of it. The call's place has been taken by the caller.
    pub async fn update_message(
        &self,
        channel: &str,
        ts: &str,
        message: &Message,
        metadata: Metadata,
    ) -> Result<EmptyAnswer, SlackError> {
        let Message {
            text,
            blocks,
            attachments,
            username: _,
            icon_url: _,
            icon_emoji: _,
        } = message;
        self.call_in_place(
            CHAT_UPDATE,
            &UpdateArguments {
                channel,
                ts,
                text,
                blocks,
                attachments,
                metadata,
            },
        )
        .await
    }

    /// Deletes a message of the bot's own.
    pub async fn delete_message(&self, channel: &str, ts: &str) -> Result<EmptyAnswer, SlackError> {
        self.call(CHAT_DELETE, &AtMessage { channel, ts }).await
    }

    /// Tells one person something that nobody else sees and that nobody can look up later.
    pub async fn post_ephemeral(
        &self,
        channel: &str,
        user: &str,
        thread_ts: Option<&str>,
        text: &str,
    ) -> Result<EmptyAnswer, SlackError> {
        self.call(
            CHAT_POST_EPHEMERAL,
            &EphemeralArguments {
                channel,
                user,
                text,
                thread_ts,
            },
        )
        .await
    }

    /// Reacts to a message with an emoji, named without colons. A reaction that is there already is as good.
    pub async fn add_reaction(&self, channel: &str, timestamp: &str, name: &str) -> Result<(), SlackError> {
        let arguments = json!({"channel": channel, "timestamp": timestamp, "name": name});
        match self.call::<EmptyAnswer>(REACTIONS_ADD, &arguments).await {
            Ok(EmptyAnswer {}) => Ok(()),
            Err(error) if error.code() == Some("already_reacted") => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Gives links their previews, by the exact URL of the event; a second call replaces the first. The call's place has been
    /// taken by the caller.
    pub async fn unfurl(
        &self,
        target: &UnfurlTarget,
        unfurls: &Map<String, Value>,
    ) -> Result<EmptyAnswer, SlackError> {
        self.call_in_place(CHAT_UNFURL, &UnfurlArguments { target, unfurls })
            .await
    }

    /// Joins a public channel.
    pub async fn join(&self, channel: &str) -> Result<EmptyAnswer, SlackError> {
        self.call(CONVERSATIONS_JOIN, &serde_json::json!({ "channel": channel }))
            .await
    }

    /// The id of the channel (`D…`) in which the bot writes to a person.
    ///
    /// Source: docs.slack.dev, `conversations.open`.
    pub async fn direct_messages(&self, user: &str) -> Result<String, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            channel: DirectChannel,
        }
        #[derive(Deserialize)]
        struct DirectChannel {
            id: String,
        }
        let answer: Answer = self
            .call(CONVERSATIONS_OPEN, &serde_json::json!({ "users": user }))
            .await?;
        Ok(answer.channel.id)
    }

    /// One channel.
    pub async fn channel(&self, channel: &str) -> Result<Channel, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            channel: Channel,
        }
        let answer: Answer = self
            .call(CONVERSATIONS_INFO, &serde_json::json!({ "channel": channel }))
            .await?;
        Ok(answer.channel)
    }

    /// The address of a message, for people.
    pub async fn permalink(&self, channel: &str, ts: &str) -> Result<String, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            permalink: String,
        }
        let arguments = serde_json::json!({"channel": channel, "message_ts": ts});
        let answer: Answer = self.call(CHAT_GET_PERMALINK, &arguments).await?;
        Ok(answer.permalink)
    }

    /// A page of the channels that the bot can see. `types` as Slack has them: `public_channel,private_channel`.
    pub async fn channels(&self, types: &str, cursor: Option<&str>) -> Result<ChannelList, SlackError> {
        let arguments = ListArguments {
            types,
            exclude_archived: false,
            limit: CHANNELS_PAGE,
            cursor,
        };
        self.call(CONVERSATIONS_LIST, &arguments).await
    }

    /// A page of a channel's top level, or of a thread.
    pub async fn messages(&self, window: Window<'_>) -> Result<Messages, SlackError> {
        let Window {
            channel,
            thread_ts,
            oldest,
            cursor,
        } = window;
        let method: Method = if thread_ts.is_some() {
            CONVERSATIONS_REPLIES
        } else {
            CONVERSATIONS_HISTORY
        };
        let arguments = WindowArguments {
            channel,
            ts: thread_ts,
            oldest: format!("{oldest}.000000"),
            inclusive: true,
            include_all_metadata: true,
            limit: PAGE,
            cursor,
        };
        self.call(method, &arguments).await
    }

    /// The person with an e-mail address; none where Slack knows nobody active who has it.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<SlackUser>, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            user: SlackUser,
        }
        let arguments = serde_json::json!({ "email": email });
        match self.call::<Answer>(USERS_LOOKUP_BY_EMAIL, &arguments).await {
            Ok(answer) => Ok(Some(answer.user)),
            Err(error) if error.is("users_not_found") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// One person.
    pub async fn user(&self, user: &str) -> Result<SlackUser, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            user: SlackUser,
        }
        let answer: Answer = self
            .call(USERS_INFO, &serde_json::json!({ "user": user }))
            .await?;
        Ok(answer.user)
    }
}
