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
    document::{Document, KnownNames},
    escape::escape,
    markdown, text,
};
use crate::rich_text::elements;

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

    /// What was written: the composer's rich text where there is some, else the text, else what was attached.
    pub(crate) fn document(&self) -> Document {
        let rich = elements::document(&self.blocks);
        if !rich.is_empty() {
            return rich;
        }
        let plain = text::document(&self.text);
        if !plain.is_empty() {
            return plain;
        }
        let attached: Vec<&str> = self
            .attachments
            .iter()
            .filter_map(|attachment| attachment["text"].as_str().or(attachment["fallback"].as_str()))
            .collect();
        text::document(&attached.join("\n\n"))
    }

    /// The whole message as Markdown, files as links; empty if there is nothing to be seen.
    pub(crate) fn markdown(&self, document: &Document, names: &KnownNames) -> String {
        let mut parts = Vec::new();
        if !document.is_empty() {
            parts.push(markdown::render(document, names));
        }
        parts.extend(self.files.iter().filter_map(file));
        parts.join("\n\n")
    }
}

/// A file as a link to its page, which asks who looks at it; its own address (`url_private`) is for programs with a token.
fn file(file: &Value) -> Option<String> {
    let field = |name: &str| file[name].as_str().filter(|text| !text.trim().is_empty());
    let name = field("name").or(field("title")).unwrap_or("file");
    let link = match field("permalink").or(field("external_url")) {
        Some(url) => markdown::link(url, name),
        // A file that Slack does not show (`file_access: check_file_info`) or has deleted.
        None => file.is_object().then(|| escape(name))?,
    };
    let kind = field("pretty_type").or(field("mimetype")).map(escape);
    let size = file["size"].as_u64().map(size);
    let facts: Vec<_> = kind.into_iter().chain(size).collect();
    Some(if facts.is_empty() {
        link
    } else {
        format!("{link} ({})", facts.join(", "))
    })
}

/// A file's size, for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        1_000_000_000.. => format!("{} GB", bytes / 1_000_000_000),
    }
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

    #[test]
    fn rich_text_is_preferred_and_files_follow_as_links() {
        let message = MessageEvent::of(&json!({"event": {
            "text": "*plain*",
            "blocks": [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
                {"type": "text", "text": "rich", "style": {"bold": true}}]}]}],
            "files": [
                {"name": "a_b.png", "permalink": "https://x.slack.com/files/U1/F1/a_b.png", "pretty_type": "PNG", "size": 12_345,
                    "url_private": "https://files.slack.com/secret"},
                {"name": "hidden", "url_private": "https://files.slack.com/secret"},
                {"id": "F2", "mode": "tombstone"},
                7
            ]
        }}));
        let document = message.document();
        assert_eq!(
            message.markdown(&document, &KnownNames::default()),
            "**rich**\n\n[a_b.png](https://x.slack.com/files/U1/F1/a_b.png) (PNG, 12 kB)\n\nhidden\n\nfile"
        );
        let message = MessageEvent::of(&json!({"event": {"text": "*plain*", "blocks": "none"}}));
        assert_eq!(
            message.markdown(&message.document(), &KnownNames::default()),
            "**plain**"
        );
        let message = MessageEvent::of(
            &json!({"event": {"text": "", "attachments": [{"fallback": "shared"}, {"text": "x &amp; y"}]}}),
        );
        assert_eq!(
            message.markdown(&message.document(), &KnownNames::default()),
            "shared\n\nx & y"
        );
        let message = MessageEvent::of(&json!({"event": {"text": " \n"}}));
        assert_eq!(message.markdown(&message.document(), &KnownNames::default()), "");
    }
}
