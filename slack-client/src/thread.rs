//! Threads, read as Slack has them.

use serde::Deserialize;
use serde_json::{Value, json};
use tocsin_slack::{error::SlackError, lenient::nullable, method::CONVERSATIONS_REPLIES};

use super::{
    client::Slack,
    web_api::{PAGE, Paging},
};

/// A page of a thread.
#[derive(Clone, Debug, Deserialize)]
pub struct ThreadPage {
    /// The messages, oldest first, as Slack gives them.
    #[serde(default)]
    pub messages: Vec<Value>,
    #[serde(default, deserialize_with = "nullable")]
    response_metadata: Paging,
}

impl ThreadPage {
    /// The cursor of the next page.
    pub fn next(&self) -> Option<&str> {
        self.response_metadata.next()
    }
}

impl Slack {
    /// A page of a thread, the message that it began with included.
    pub async fn thread(
        &self,
        channel: &str,
        thread_ts: &str,
        cursor: Option<&str>,
    ) -> Result<ThreadPage, SlackError> {
        let arguments = json!({"channel": channel, "ts": thread_ts, "limit": PAGE, "cursor": cursor, "include_all_metadata": true});
        self.call(CONVERSATIONS_REPLIES, &arguments).await
    }
}
