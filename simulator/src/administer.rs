//! What an administrator of the workspace does to the app, and what time does to its tokens.

use crate::config::PersonSeed;
use crate::error::ActError;
use crate::state::host::lock;
use crate::state::workspace::SimulatedWorkspace;
use crate::state::workspace::installation::Farewell;
use crate::team::TeamHandle;

impl TeamHandle {
    /// The client id of the app, for a link that asks people to install it.
    pub fn client_id(&self) -> &str {
        &self.host.app.client_id
    }

    /// What the app proves that it is itself with.
    pub fn client_secret(&self) -> &str {
        &self.host.app.client_secret
    }

    /// The bot's newest token that is taken now; none where the app is not installed.
    pub fn token(&self) -> Option<String> {
        self.host
            .read(|ws| ws.installation.bot_token().map(str::to_owned))
    }

    /// What the bot may do now.
    pub fn scopes(&self) -> Vec<String> {
        self.host.read(|ws| ws.installation.scopes().to_vec())
    }

    /// Makes all rotating access tokens expire now: calls with them are refused as `token_expired` until they are refreshed.
    pub fn expire_tokens(&self) {
        self.host.change(|ws| {
            ws.installation.expire();
            ws.touch("");
        });
    }

    /// Makes all codes that were given out and not used expire now.
    pub fn expire_codes(&self) {
        lock(&self.host.platform.codes).clear();
    }

    /// Revokes the bot's tokens and tells the app by `tokens_revoked`; calls are refused as `token_revoked`.
    pub fn revoke_bot_tokens(&self) {
        self.host.change(SimulatedWorkspace::revoke_bot_tokens);
    }

    /// Uninstalls the app, and tells it by `app_uninstalled` and `tokens_revoked`; calls are refused as `account_inactive`, and nothing that
    /// happens here is told until somebody installs it again.
    pub fn uninstall_app(&self, farewell: Farewell) {
        self.host.change(|ws| ws.uninstall(farewell));
    }

    /// Deactivates the app without a word, or brings it back: calls are refused as `account_inactive` meanwhile.
    pub fn set_app_deactivated(&self, deactivated: bool) {
        self.host.change(|ws| {
            ws.installation.set_deactivated(deactivated);
            ws.touch("");
        });
    }

    /// Brings somebody into the workspace; the app is told by `team_join`. Gives their id.
    ///
    /// # Errors
    /// When there is one of this name.
    pub fn add_person(&self, seed: &PersonSeed) -> Result<String, ActError> {
        self.host.change(|ws| ws.add_person(seed))
    }

    /// Deactivates a person, or brings them back; the app is told by `user_change`.
    ///
    /// # Errors
    /// For an unknown person.
    pub fn set_person_deactivated(&self, name: &str, deactivated: bool) -> Result<(), ActError> {
        self.host.change(|ws| ws.set_deactivated(name, deactivated))
    }

    /// Gives a channel another id, as where it becomes one that is shared with another organisation; the app is told by
    /// `channel_id_changed`. Gives the new id.
    ///
    /// # Errors
    /// When it isn't there.
    pub fn change_channel_id(&self, channel: &str) -> Result<String, ActError> {
        self.host.change(|ws| ws.change_channel_id(channel))
    }

    /// Takes scopes away from the bot: calls that need one are refused as `missing_scope`, and events of theirs are not sent. With the real
    /// Slack, that is an app that was installed before it asked for them.
    pub fn take_scopes(&self, scopes: &[&str]) {
        self.host.change(|ws| {
            ws.installation.take_scopes(scopes);
            ws.touch("");
        });
    }
}
