//! Channels, as Slack describes them.

use serde::Deserialize;

use crate::lenient::{lenient, nullable};

/// A channel as Slack describes it.
#[derive(Clone, Debug, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact that Slack tells by itself"
)]
pub struct Channel {
    /// Its id (`C…`, `G…` or `D…`).
    pub id: String,
    /// Its name, without the hash; empty where Slack gives none.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
    /// Whether it is private.
    #[serde(default, deserialize_with = "nullable")]
    pub is_private: bool,
    /// Whether the bot is in it.
    #[serde(default, deserialize_with = "nullable")]
    pub is_member: bool,
    /// Whether it is archived.
    #[serde(default, deserialize_with = "nullable")]
    pub is_archived: bool,
    /// Whether another company is in it, or is invited.
    #[serde(default, deserialize_with = "nullable")]
    pub is_ext_shared: bool,
    /// Whether another company is invited.
    #[serde(default, deserialize_with = "nullable")]
    pub is_pending_ext_shared: bool,
    /// Who made it, and when, in seconds since 1970.
    #[serde(default, deserialize_with = "lenient")]
    pub creator: Option<String>,
    /// When it was made, in seconds since 1970.
    #[serde(default, deserialize_with = "lenient")]
    pub created: Option<i64>,
}

impl Channel {
    /// Whether people of another company see it, or are to.
    pub fn is_shared(&self) -> bool {
        self.is_ext_shared || self.is_pending_ext_shared
    }
}

/// Slack's ids are in capitals, and its channel names never are.
pub fn is_id(wanted: &str) -> bool {
    wanted.len() >= 8
        && wanted.starts_with(['C', 'G', 'D'])
        && wanted
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}
