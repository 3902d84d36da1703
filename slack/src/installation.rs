//! Who a bot is in its workspace, and what it may do there.

use std::collections::BTreeSet;

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
