//! Making channels.

use serde::Deserialize;
use tocsin_slack::{channel::Channel, error::SlackError, method::CONVERSATIONS_CREATE};

use super::client::Slack;

impl Slack {
    /// Makes a channel, in which the bot is.
    pub async fn create_channel(&self, name: &str, is_private: bool) -> Result<Channel, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            channel: Channel,
        }
        let arguments = serde_json::json!({ "name": name, "is_private": is_private });
        let answer: Answer = self.call(CONVERSATIONS_CREATE, &arguments).await?;
        Ok(answer.channel)
    }
}
