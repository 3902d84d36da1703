//! People and the bot user.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{InstalledApp, Team};
use crate::config::PersonSeed;

/// A member of the workspace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SimulatedPerson {
    pub(crate) id: String,
    /// Handle, as in `@alice`.
    pub(crate) name: String,
    pub(crate) real_name: String,
    pub(crate) email: Option<String>,
    pub(crate) is_admin: bool,
    pub(crate) is_bot: bool,
    /// Deactivated.
    pub(crate) deleted: bool,
    pub(crate) updated: u64,
}

impl SimulatedPerson {
    pub(crate) fn from_seed(seed: &PersonSeed, mark: &str, now: u64) -> Self {
        Self {
            id: readable_id('U', &format!("{}{mark}", seed.name)),
            name: seed.name.to_lowercase(),
            real_name: seed.real_name.clone(),
            email: seed.email.clone(),
            is_admin: seed.is_admin,
            is_bot: false,
            deleted: false,
            updated: now,
        }
    }

    pub(crate) fn bot(app: &InstalledApp, now: u64) -> Self {
        Self {
            id: app.bot_user_id.clone(),
            name: app.name.to_lowercase(),
            real_name: app.name.clone(),
            email: None,
            is_admin: false,
            is_bot: true,
            deleted: false,
            updated: now,
        }
    }

    /// The address of their picture, so many pixels wide; nothing is there.
    fn picture(&self, size: u32) -> String {
        format!("https://avatars.example.com/{}_{size}.png", self.id)
    }

    /// The user object of `users.info`; the e-mail only for apps with `users:read.email`.
    pub(crate) fn json(&self, team: &Team, app: &InstalledApp, with_email: bool) -> Value {
        let mut profile = json!({
            "real_name": self.real_name,
            "real_name_normalized": self.real_name,
            "display_name": self.real_name,
            "display_name_normalized": self.real_name,
            "status_text": "",
            "status_emoji": "",
            "team": team.id,
        });
        for size in [24, 32, 48, 72, 192, 512] {
            profile[format!("image_{size}")] = json!(self.picture(size));
        }
        if let Some(email) = self.email.as_deref().filter(|_| with_email) {
            profile["email"] = json!(email);
        }
        if self.is_bot {
            profile["bot_id"] = json!(app.bot_id);
            profile["api_app_id"] = json!(app.id);
        }
        let mut user = json!({
            "id": self.id,
            "team_id": team.id,
            "name": self.name,
            "deleted": self.deleted,
            "profile": profile,
            "is_bot": self.is_bot,
            "is_app_user": false,
            "updated": self.updated,
        });
        if !self.deleted {
            user["real_name"] = json!(self.real_name);
            user["tz"] = json!("Europe/Amsterdam");
            user["tz_label"] = json!("Central European Time");
            user["tz_offset"] = json!(3600);
            user["is_admin"] = json!(self.is_admin);
            user["is_owner"] = json!(self.is_admin);
            user["is_primary_owner"] = json!(false);
            user["is_restricted"] = json!(false);
            user["is_ultra_restricted"] = json!(false);
        }
        user
    }
}

/// An id in Slack's form that a reader recognises: `U00000ALICE`.
pub(crate) fn readable_id(prefix: char, name: &str) -> String {
    let letters: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect();
    format!("{prefix}{letters:0>10}")
}
