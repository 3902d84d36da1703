//! The channels that connectors lead to: how people name them, and why one takes no messages, in words for people with what to do.

use std::time::Duration;

use tocsin_entity::slack::connector::CHANNEL_TAKEN;
use tocsin_slack::{channel::read_reference, error::SlackError, installation::Installation};

/// Reads the channel that a connector is to lead to: an id, or a name with its hash, which comes to be in lower case as Slack has it. None where it is
/// neither, or somebody's direct messages.
pub fn read_channel(text: &str) -> Option<String> {
    read_reference(text).filter(|channel| !channel.starts_with('D'))
}

/// Why there is no channel to post to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelError {
    /// Slack's error code, or one of ours.
    pub code: String,
    /// For people: what is wrong and what to do.
    pub message: String,
    /// When to ask again, where that is known.
    pub retry_after: Option<Duration>,
}

impl ChannelError {
    /// One that is likely over after a while.
    pub fn passing(code: &str, message: &str, retry_after: Duration) -> Self {
        Self {
            code: code.to_owned(),
            message: message.to_owned(),
            retry_after: Some(retry_after),
        }
    }

    /// The channel is another organisation's.
    pub fn taken(channel: &str) -> Self {
        let message = format!(
            "{channel} is another organisation's in this Slack workspace: give the connector a channel of its own"
        );
        Self::new(CHANNEL_TAKEN, message)
    }

    /// One that was seen before.
    pub fn known(code: &str, message: &str) -> Self {
        Self::new(code, message.to_owned())
    }

    /// One with this code, and with what is wrong and what to do.
    pub fn new(code: &str, message: String) -> Self {
        Self {
            code: code.to_owned(),
            message,
            retry_after: None,
        }
    }

    /// What a failed call about a channel means for people.
    pub fn of(error: &SlackError, channel: &str, bot: &Installation) -> ChannelError {
        let message = match error.code() {
            Some("not_in_channel") => return Self::uninvited(channel, bot),
            Some("channel_not_found") => return Self::unseen(channel, bot),
            Some("is_archived" | "is_inactive") => archived(channel),
            Some("missing_scope") => {
                format!("the Slack app lacks a scope: {error}; add it and install the app again")
            }
            Some("restricted_action_thread_locked") => {
                format!("the thread in {channel} is locked: unlock it, and what is to be told there follows")
            }
            Some("restricted_action_non_threadable_channel") => {
                format!(
                    "{channel} takes no replies in threads ({error}): allow them in the channel's settings"
                )
            }
            Some("posting_to_channel_denied" | "channel_is_limited_access") => denied(channel, error),
            Some(code) if code.starts_with("restricted_action") => denied(channel, error),
            Some(_) | None => error.to_string(),
        };
        let retry_after = match error {
            SlackError::RateLimited { retry_after, .. } => Some(*retry_after),
            SlackError::Refused { .. }
            | SlackError::Broken { .. }
            | SlackError::NotSent { .. }
            | SlackError::Unknown { .. } => None,
        };
        let code = error.code().unwrap_or(error.class()).to_owned();
        ChannelError {
            code,
            message,
            retry_after,
        }
    }

    /// The channel is there, and the bot is not in it.
    pub fn uninvited(channel: &str, bot: &Installation) -> ChannelError {
        let invitation = bot.invitation();
        let message = format!("the bot is not in {channel}: invite it there with {invitation}");
        ChannelError::new("not_in_channel", message)
    }

    /// The bot sees no such channel.
    pub fn unseen(channel: &str, bot: &Installation) -> ChannelError {
        let (team, invitation) = (&bot.team_name, bot.invitation());
        ChannelError::new(
            "channel_not_found",
            format!(
                "the bot sees no channel {channel} in {team}: create it, or, if it is private, invite the bot with {invitation}"
            ),
        )
    }
}

fn denied(channel: &str, error: &SlackError) -> String {
    format!(
        "the workspace does not let the bot post in {channel} ({error}): allow it in the channel's settings"
    )
}

/// What is said of a channel that is archived.
pub fn archived(channel: &str) -> String {
    format!("{channel} is archived: unarchive it, or give the connector another channel")
}
