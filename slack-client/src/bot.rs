//! Asking who the bot is.

use tocsin_slack::{error::SlackError, installation::Installation};

use super::client::Slack;

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
