//! People, as Slack describes them.

use serde::Deserialize;

use crate::inbound::lenient::lenient;

/// A person as Slack describes them.
#[derive(Clone, Debug, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact that Slack tells by itself"
)]
pub(crate) struct User {
    pub(crate) id: String,
    /// Whose person it is: in shared channels also another's.
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) team_id: Option<String>,
    #[serde(default, rename = "enterprise_user", deserialize_with = "lenient")]
    pub(crate) enterprise: Option<EnterpriseUser>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) real_name: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) deleted: bool,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) is_bot: bool,
    /// A guest, in several channels or in one.
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) is_restricted: bool,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) is_ultra_restricted: bool,
    /// Somebody of another workspace whom nobody here shares a channel with.
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) is_stranger: bool,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) profile: Profile,
}

/// A person in an Enterprise organisation.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct EnterpriseUser {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) enterprise_id: Option<String>,
    /// The workspaces they are in.
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) teams: Vec<String>,
}

/// What a person says of themselves.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Profile {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) display_name: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) real_name: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) email: Option<String>,
    /// The address of their picture, 192 pixels wide; anybody can read it.
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) image_192: Option<String>,
    /// The same, 72 pixels wide.
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) image_72: Option<String>,
}
