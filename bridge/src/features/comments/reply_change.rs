//! What a `message` event tells: that something was said, edited or deleted.
//!
//! Source: Slack, "message event", `message_changed`, `message_deleted`. An outer `ts` is that of the change; the message is inside.

use serde_json::{Value, json};
use tocsin_slack::timestamp::said_at;

use crate::{
    request::SequencePlace,
    rich_text::message::{MessageEvent, ThreadReply},
};

/// A reply's place in its thread. Edits and deletions stand where they were made, behind the message and before what was said since.
pub(crate) fn place(payload: &Value) -> Option<SequencePlace> {
    let told = ReplyChange::of(payload)?;
    let thread = told.place();
    Some(SequencePlace {
        key: format!("{}/{}", thread.channel, thread.thread_ts),
        at: told.happened_at(payload),
    })
}

/// What a `message` event tells of a person's reply in a thread.
#[derive(Debug, Clone)]
pub(super) enum ReplyChange {
    Said {
        message: MessageEvent,
        place: ThreadReply,
    },
    /// `revision` is Slack's name for the edit; a later one is greater.
    Edited {
        message: MessageEvent,
        place: ThreadReply,
        revision: String,
    },
    Deleted {
        place: ThreadReply,
    },
}

impl ReplyChange {
    /// None where it tells of something else: other people's business, or a change that changes no word.
    pub(super) fn of(payload: &Value) -> Option<Self> {
        let event = &payload["event"];
        match event["subtype"].as_str() {
            Some("message_changed") => edited(event),
            Some("message_deleted") => {
                let mut before = event["previous_message"].clone();
                name(&mut before, &event["deleted_ts"]);
                let place = inner(event, &before).reply()?;
                Some(Self::Deleted { place })
            }
            Some(_) | None => {
                let message = MessageEvent::of(payload);
                let place = message.reply()?;
                Some(Self::Said { message, place })
            }
        }
    }

    /// When it happened, by Slack's names for messages, in microseconds since 1970.
    fn happened_at(&self, payload: &Value) -> i64 {
        let event = &payload["event"];
        let at = match self {
            Self::Said { place, .. } => said_at(&place.ts),
            Self::Edited { revision, .. } => said_at(revision),
            // The deletion itself has no name of its own but that of its event.
            Self::Deleted { .. } => event["event_ts"]
                .as_str()
                .or(event["ts"].as_str())
                .and_then(said_at),
        };
        let micros = at.map_or(0, |at| at.unix_timestamp_nanos() / 1_000);
        i64::try_from(micros).unwrap_or(0)
    }

    pub(super) fn place(&self) -> &ThreadReply {
        match self {
            Self::Said { place, .. } | Self::Edited { place, .. } | Self::Deleted { place } => place,
        }
    }
}

fn edited(event: &Value) -> Option<ReplyChange> {
    let (now, before) = (&event["message"], &event["previous_message"]);
    // Previews, replies and an app's own updates change a message as well, and say nothing of an edit.
    let revision = now["edited"]["ts"].as_str()?.to_owned();
    let same = |field: &str| now[field] == before[field];
    if before.is_object() && ["text", "blocks", "files"].into_iter().all(same) {
        return None;
    }
    let mut now = now.clone();
    name(&mut now, &before["ts"]);
    if now["thread_ts"].is_null() && now.is_object() {
        now["thread_ts"] = before["thread_ts"].clone();
    }
    let message = inner(event, &now);
    let place = message.reply()?;
    Some(ReplyChange::Edited {
        message,
        place,
        revision,
    })
}

/// Gives a message the name that another field has, where it does not say its own.
fn name(message: &mut Value, ts: &Value) {
    if message.is_object() && message["ts"].is_null() {
        message["ts"] = ts.clone();
    }
}

/// The message inside a change, which does not say its channel.
fn inner(event: &Value, message: &Value) -> MessageEvent {
    let mut message = message.clone();
    if let Some(fields) = message.as_object_mut() {
        fields.insert("channel".to_owned(), event["channel"].clone());
    }
    MessageEvent::of(&json!({ "event": message }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(ts: &str, text: &str) -> Value {
        json!({"type": "message", "user": "U1", "ts": ts, "thread_ts": "1.0", "text": text})
    }

    fn changed(now: &Value, before: &Value) -> Value {
        json!({"event": {"type": "message", "subtype": "message_changed", "hidden": true, "channel": "C1", "ts": "9.0",
            "message": now, "previous_message": before}})
    }

    fn with_edit(mut message: Value, revision: &str) -> Value {
        message["edited"] = json!({"user": "U1", "ts": revision});
        message
    }

    #[test]
    fn an_edit_is_of_the_message_inside() {
        let told = ReplyChange::of(&changed(&with_edit(said("2.0", "b"), "5.0"), &said("2.0", "a")));
        let Some(ReplyChange::Edited { place, revision, .. }) = told else {
            panic!("{told:?}")
        };
        assert_eq!(
            (
                place.channel.as_str(),
                place.ts.as_str(),
                place.thread_ts.as_str()
            ),
            ("C1", "2.0", "1.0")
        );
        assert_eq!(revision, "5.0");
    }

    #[test]
    fn what_changes_no_word_is_no_edit() {
        assert!(
            ReplyChange::of(&changed(&said("2.0", "b"), &said("2.0", "a"))).is_none(),
            "no mark of an edit"
        );
        let edited = with_edit(said("2.0", "a"), "5.0");
        assert!(
            ReplyChange::of(&changed(&edited, &edited)).is_none(),
            "a preview came"
        );
        let mut bot = with_edit(said("2.0", "b"), "5.0");
        bot["bot_id"] = json!("B1");
        assert!(
            ReplyChange::of(&changed(&bot, &said("2.0", "a"))).is_none(),
            "an app's own"
        );
        let mut root = with_edit(said("1.0", "b"), "5.0");
        root["thread_ts"] = json!("1.0");
        assert!(
            ReplyChange::of(&changed(&root, &said("1.0", "a"))).is_none(),
            "the thread's first message"
        );
        // Some of Slack's examples lack the name of the message, or of its thread, and have it in the one before.
        let mut nameless = with_edit(said("2.0", "b"), "5.0");
        for field in ["ts", "thread_ts"] {
            nameless.as_object_mut().expect("a message").remove(field);
        }
        let told = ReplyChange::of(&changed(&nameless, &said("2.0", "a"))).expect("an edit");
        assert_eq!(
            (told.place().ts.as_str(), told.place().thread_ts.as_str()),
            ("2.0", "1.0")
        );
        // One of Slack's own examples says nothing of what was before.
        assert!(ReplyChange::of(&changed(&with_edit(said("2.0", "b"), "5.0"), &Value::Null)).is_some());
    }

    #[test]
    fn a_deletion_is_of_the_message_that_was() {
        let event = |before: &Value| {
            json!({"event": {"type": "message", "subtype": "message_deleted", "hidden": true, "channel": "C1", "ts": "9.0",
                "deleted_ts": "2.0", "previous_message": before}})
        };
        let told = ReplyChange::of(&event(&said("2.0", "a"))).expect("a deletion");
        assert!(matches!(told, ReplyChange::Deleted { .. }));
        assert_eq!(told.place().ts, "2.0");
        let mut nameless = said("2.0", "a");
        nameless.as_object_mut().expect("a message").remove("ts");
        let told = ReplyChange::of(&event(&nameless)).expect("a deletion");
        assert_eq!(told.place().ts, "2.0", "as the event itself says");
        let mut bot = said("2.0", "a");
        bot["bot_id"] = json!("B1");
        assert!(ReplyChange::of(&event(&bot)).is_none());
        assert!(ReplyChange::of(&event(&Value::Null)).is_none());
    }
}
