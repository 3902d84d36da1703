//! What a message says and shows.

use serde::Serialize;
use serde_json::Value;

/// What a message says; the same for posting and updating.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Message {
    /// For notifications and screen readers, and where blocks cannot be shown.
    pub text: String,
    /// Its blocks, as Block Kit has them.
    pub blocks: Vec<Value>,
    /// For the colour bar, which only attachments have.
    pub attachments: Vec<Value>,
    /// Under whose name it appears, where that is not the bot's; taken at posting only.
    pub username: Option<String>,
    /// With whose face it appears, under another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon_url: Option<String>,
    /// The same by an emoji (`:fire:`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon_emoji: Option<String>,
}
