//! Making channels, and finding them by name.

use serde::Deserialize;
use tocsin_slack::{
    channel::{Channel, hashed},
    error::SlackError,
    installation::Installation,
    method::CONVERSATIONS_CREATE,
};

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

    /// The channel of that name, with or without its hash, if the bot sees one.
    pub async fn find_channel(
        &self,
        wanted: &str,
        bot: &Installation,
    ) -> Result<Option<Channel>, SlackError> {
        let name = hashed(wanted);
        let types = if bot.may("groups:read") {
            "public_channel,private_channel"
        } else {
            "public_channel"
        };
        let mut cursor = None;
        loop {
            let page = self.channels(types, cursor.as_deref()).await?;
            let next = page.next().map(ToOwned::to_owned);
            if let Some(found) = page
                .channels
                .into_iter()
                .find(|channel| hashed(&channel.name) == name)
            {
                return Ok(Some(found));
            }
            if next.is_none() {
                return Ok(None);
            }
            cursor = next;
        }
    }
}
