//! People, as Slack describes them.

use serde::Deserialize;

use crate::lenient::lenient;

/// A person as Slack describes them.
#[derive(Clone, Debug, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact that Slack tells by itself"
)]
pub struct SlackUser {
    /// Their id (`U…` or `W…`).
    pub id: String,
    /// Whose person it is: in shared channels also another's.
    #[serde(default, deserialize_with = "lenient")]
    pub team_id: Option<String>,
    /// In an Enterprise organisation: where they are.
    #[serde(default, rename = "enterprise_user", deserialize_with = "lenient")]
    pub enterprise: Option<EnterpriseUser>,
    /// Their handle.
    #[serde(default, deserialize_with = "lenient")]
    pub name: String,
    /// Their full name.
    #[serde(default, deserialize_with = "lenient")]
    pub real_name: String,
    /// Whether the account is deactivated.
    #[serde(default, deserialize_with = "lenient")]
    pub deleted: bool,
    /// Whether it is a bot.
    #[serde(default, deserialize_with = "lenient")]
    pub is_bot: bool,
    /// A guest, in several channels or in one.
    #[serde(default, deserialize_with = "lenient")]
    pub is_restricted: bool,
    /// A guest in one channel alone.
    #[serde(default, deserialize_with = "lenient")]
    pub is_ultra_restricted: bool,
    /// Somebody of another workspace whom nobody here shares a channel with.
    #[serde(default, deserialize_with = "lenient")]
    pub is_stranger: bool,
    /// What they say of themselves.
    #[serde(default, deserialize_with = "lenient")]
    pub profile: Profile,
}

/// A person in an Enterprise organisation.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct EnterpriseUser {
    /// The Enterprise organisation.
    #[serde(default, deserialize_with = "lenient")]
    pub enterprise_id: Option<String>,
    /// The workspaces they are in.
    #[serde(default, deserialize_with = "lenient")]
    pub teams: Vec<String>,
}

/// What a person says of themselves.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Profile {
    /// The name that people see, where they have chosen one.
    #[serde(default, deserialize_with = "lenient")]
    pub display_name: String,
    /// Their full name.
    #[serde(default, deserialize_with = "lenient")]
    pub real_name: String,
    /// Their e-mail address, where the app may read it.
    #[serde(default, deserialize_with = "lenient")]
    pub email: Option<String>,
    /// The address of their picture, 192 pixels wide; anybody can read it.
    #[serde(default, deserialize_with = "lenient")]
    pub image_192: Option<String>,
    /// The same, 72 pixels wide.
    #[serde(default, deserialize_with = "lenient")]
    pub image_72: Option<String>,
}
