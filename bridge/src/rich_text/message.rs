//! A `message` event, as far as comments need it.
//!
//! Source: Slack, "message event" and its subtypes.

use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use tocsin_slack::{
    lenient::{id, lenient, read},
    timestamp::said_at,
};

use super::{
    attachments::read_attachments,
    blocks::read_blocks,
    document::{Block, Document, InlineContent, KnownNames},
    files::file_blocks,
    text,
};

/// Subtypes in which people speak; all others are Slack's, or an app's.
const SPOKEN: [&str; 3] = ["file_share", "thread_broadcast", "me_message"];

/// Slack's own helper, whose messages carry no bot id.
const SLACKBOT: &str = "USLACKBOT";

/// A `message` event.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct MessageEvent {
    #[serde(deserialize_with = "lenient")]
    subtype: Option<String>,
    #[serde(deserialize_with = "id")]
    pub(crate) user: Option<String>,
    #[serde(deserialize_with = "id")]
    pub(crate) channel: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) ts: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) thread_ts: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) text: String,
    #[serde(deserialize_with = "lenient")]
    blocks: Vec<Value>,
    #[serde(deserialize_with = "lenient")]
    attachments: Vec<Value>,
    #[serde(deserialize_with = "lenient")]
    files: Vec<Value>,
    #[serde(deserialize_with = "lenient")]
    hidden: bool,
    bot_id: Value,
    app_id: Value,
    bot_profile: Value,
}

/// A reply that a person wrote in a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ThreadReply {
    pub(crate) user: String,
    pub(crate) channel: String,
    pub(crate) ts: String,
    pub(crate) thread_ts: String,
}

impl ThreadReply {
    /// When it was written, by its name; Slack's names are the microseconds since 1970.
    pub(crate) fn said_at(&self) -> Option<OffsetDateTime> {
        said_at(&self.ts)
    }
}

impl MessageEvent {
    /// The message of an event.
    pub(crate) fn of(payload: &Value) -> Self {
        read(&payload["event"])
    }

    /// Where it stands and who wrote it, if it is a person's reply in a thread.
    pub(crate) fn reply(&self) -> Option<ThreadReply> {
        // A modern app's post has no subtype: what tells it from a person's is that it names the app.
        let by_app = [&self.bot_id, &self.app_id, &self.bot_profile]
            .into_iter()
            .any(|mark| !mark.is_null());
        let spoken = self
            .subtype
            .as_deref()
            .is_none_or(|subtype| SPOKEN.contains(&subtype));
        if by_app || !spoken || self.hidden {
            return None;
        }
        let place = ThreadReply {
            user: self.user.clone().filter(|user| user != SLACKBOT)?,
            channel: self.channel.clone()?,
            ts: self.ts.clone()?,
            thread_ts: self.thread_ts.clone()?,
        };
        (place.ts != place.thread_ts).then_some(place)
    }

    /// All that people see of it: its blocks where it has some, else its text; what is attached to it; and its files.
    pub(crate) fn document(&self) -> Document {
        let mut blocks = read_blocks(&self.blocks);
        if blocks.iter().all(Block::is_empty) {
            blocks = text::document(&self.text).blocks;
        }
        let is_all = blocks.iter().all(Block::is_empty);
        blocks.extend(self.attached(is_all));
        Document { blocks }
    }

    /// Its words from `rest` on, which is the end of its text: from the rich text, where that says the same before.
    pub(crate) fn document_after(&self, rest: &str) -> Document {
        let before = self.text.trim_end().strip_suffix(rest);
        let rich = before.and_then(|before| {
            let names = KnownNames::default();
            let before = text::document(before);
            let skipped: String = before
                .blocks
                .iter()
                .flat_map(Block::inlines)
                .map(|inline| inline.shown(&names))
                .collect();
            without_beginning(read_blocks(&self.blocks), &skipped)
        });
        rich.map_or_else(|| text::document(rest), |blocks| Document { blocks })
    }

    /// What follows a command in it, and what it has beside its words.
    pub(crate) fn command_document(&self, rest: &str) -> Document {
        let mut document = self.document_after(rest);
        document.blocks.extend(self.enclosed().blocks);
        document
    }

    /// What it has beside its own words: what is attached, and its files.
    pub(crate) fn enclosed(&self) -> Document {
        Document {
            blocks: self.attached(false),
        }
    }

    /// Whether it has something beside its own words.
    pub(crate) fn encloses(&self) -> bool {
        !self.enclosed().blocks.iter().all(Block::is_empty)
    }

    fn attached(&self, is_all: bool) -> Vec<Block> {
        let mut blocks = read_attachments(&self.attachments, is_all && self.files.is_empty());
        blocks.extend(file_blocks(&self.files));
        blocks
    }
}

/// The blocks without what stands at the beginning of the first, blanks aside; none if something else stands there.
fn without_beginning(mut blocks: Vec<Block>, beginning: &str) -> Option<Vec<Block>> {
    let names = KnownNames::default();
    let mut left = beginning.trim();
    let Some(Block::Text(inlines)) = blocks.first_mut() else {
        return None;
    };
    while !left.is_empty() {
        let first = inlines.first_mut()?;
        let shown = first.shown(&names);
        let shown = shown.trim_start();
        if let Some(after) = left.strip_prefix(shown.trim_end()) {
            left = after.trim_start();
            inlines.remove(0);
        } else if let (InlineContent::Text(text), Some(after)) = (&mut first.what, shown.strip_prefix(left)) {
            let after = after.trim_start().to_owned();
            *text = after;
            left = "";
        } else {
            return None;
        }
    }
    Some(blocks)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reply(event: &Value) -> bool {
        MessageEvent::of(&json!({"event": event})).reply().is_some()
    }

    #[test]
    fn only_what_a_person_says_in_a_thread_is_a_reply() {
        let said = json!({"type": "message", "user": "U1", "channel": "C1", "ts": "2.0", "thread_ts": "1.0", "text": "hi"});
        let with = |field: &str, value: Value| {
            let mut event = said.clone();
            event[field] = value;
            event
        };
        assert!(reply(&said));
        for subtype in ["file_share", "thread_broadcast", "me_message"] {
            assert!(reply(&with("subtype", json!(subtype))), "{subtype}");
        }
        for subtype in [
            "bot_message",
            "message_changed",
            "message_deleted",
            "channel_join",
            "something_new",
        ] {
            assert!(!reply(&with("subtype", json!(subtype))), "{subtype}");
        }
        assert!(!reply(&with("bot_id", json!("B1"))));
        assert!(!reply(&with("app_id", json!("A1"))));
        assert!(!reply(&with("bot_profile", json!({"id": "B1"}))));
        assert!(!reply(&with("hidden", json!(true))));
        assert!(!reply(&with("user", json!("USLACKBOT"))));
        assert!(!reply(&with("user", Value::Null)));
        assert!(
            !reply(&with("thread_ts", json!("2.0"))),
            "the thread's first message"
        );
        assert!(!reply(&with("thread_ts", Value::Null)));
    }
}
