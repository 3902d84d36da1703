//! Who a bot is in its workspace, and what it may do there.

use std::collections::BTreeSet;

use tocsin_slack::error::SlackError;

use super::client::Slack;

/// The bot in its workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// The workspace.
    pub team_id: String,
    /// Its name.
    pub team_name: String,
    /// The bot as a user: whom people mention and invite.
    pub bot_user_id: String,
    /// Its name, where Slack says it.
    pub bot_name: Option<String>,
    /// The bot as the author of messages.
    pub bot_id: Option<String>,
    /// The Slack app.
    pub app_id: Option<String>,
    /// The enterprise, where the app is installed for a whole one.
    pub enterprise_id: Option<String>,
    /// What the bot may do.
    pub scopes: BTreeSet<String>,
}

impl Installation {
    /// Whether a scope was granted.
    pub fn may(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
    }

    /// What is typed in a channel to invite the bot. By its name: whoever reads this outside Slack can do nothing with an id.
    pub fn invitation(&self) -> String {
        match &self.bot_name {
            Some(name) => format!("/invite @{name}"),
            None => format!("/invite <@{}>", self.bot_user_id),
        }
    }
}

impl Slack {
    /// Asks who the bot is, and what it may do.
    pub async fn installation(&self) -> Result<Installation, SlackError> {
        let (bot, scopes) = self.auth_test().await?;
        Ok(Installation {
            team_id: bot.team_id,
            team_name: bot.team,
            bot_user_id: bot.user_id,
            bot_name: bot.user.filter(|name| !name.is_empty()),
            bot_id: bot.bot_id,
            app_id: bot.app_id,
            enterprise_id: bot.enterprise_id.filter(|_| bot.is_enterprise_install),
            scopes: scopes.into_iter().collect(),
        })
    }
}
