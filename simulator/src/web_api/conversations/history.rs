//! `conversations.history`: the top level of a conversation, newest first.

use serde_json::{Value, json};

use crate::clock;
use crate::method::arguments::MethodArguments;
use crate::method::call::MethodCall;
use crate::method::refusal::{MethodOutcome, MethodRefusal, fields};
use crate::state::workspace::message::{Message, Metadata};
use crate::state::workspace::{Channel, SimulatedWorkspace};
use crate::web_api::paging::{ListPage, add_cursor};

/// The times between which messages are asked for.
pub(crate) struct Span {
    oldest: Option<String>,
    latest: Option<String>,
    inclusive: bool,
}

impl Span {
    pub(crate) fn read(args: &MethodArguments) -> Result<Self, MethodRefusal> {
        Ok(Self {
            oldest: bound(args, "oldest", "invalid_ts_oldest")?,
            latest: bound(args, "latest", "invalid_ts_latest")?,
            inclusive: args.flag("inclusive"),
        })
    }

    /// Bounds themselves count only with `inclusive`.
    pub(crate) fn contains(&self, ts: &str) -> bool {
        let after = self
            .oldest
            .as_deref()
            .is_none_or(|o| ts > o || (self.inclusive && ts == o));
        let before = self
            .latest
            .as_deref()
            .is_none_or(|l| ts < l || (self.inclusive && ts == l));
        after && before
    }
}

/// A bound in the form of a `ts`: Slack also takes whole or fractional seconds. `0` is no bound.
fn bound(args: &MethodArguments, name: &str, error: &str) -> Result<Option<String>, MethodRefusal> {
    let Some(text) = args.text(name) else {
        return Ok(None);
    };
    if clock::is_ts(&text) {
        return Ok(Some(text));
    }
    let (seconds, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if seconds.is_empty() || seconds.len() > 10 || !digits(seconds) || !digits(fraction) {
        return Err(error.into());
    }
    let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
    Ok((seconds.parse() != Ok(0_u64)).then(|| format!("{seconds:0>10}.{fraction}")))
}

/// How much metadata was asked for.
pub(crate) fn metadata(args: &MethodArguments) -> Metadata {
    if args.flag("include_all_metadata") {
        Metadata::Whole
    } else {
        Metadata::TypeOnly
    }
}

/// `conversations.history`.
pub(crate) fn run(call: &MethodCall<'_>) -> MethodOutcome {
    let page = ListPage::read(call.args, 100, 999).map_err(|refusal| {
        if refusal.error == "invalid_limit" {
            MethodRefusal::from("invalid_arguments")
        } else {
            refusal
        }
    })?;
    let span = Span::read(call.args)?;
    let metadata = metadata(call.args);
    call.host.read(|ws| {
        let channel = call.joined_channel(ws)?;
        let newest_first = channel.messages.values().rev();
        let all: Vec<(String, &Message)> = newest_first
            .filter(|m| span.contains(&m.ts) && in_history(channel, m))
            .map(|m| (m.ts.clone(), m))
            .collect();
        let (messages, next) = page.of(all);
        let messages: Vec<Value> = messages.iter().map(|m| shown(ws, channel, m, metadata)).collect();
        let mut reply = fields(json!({
            "messages": messages,
            "has_more": !next.is_empty(),
            "pin_count": channel.pins.len(),
            "channel_actions_ts": null,
            "channel_actions_count": 0,
        }));
        if !next.is_empty() {
            add_cursor(&mut reply, &next);
        }
        Ok(reply)
    })
}

/// Roots and broadcast replies; a deleted root only while replies hang from it.
fn in_history(channel: &Channel, message: &Message) -> bool {
    let top_level = message.thread_ts.is_none() || message.subtype.as_deref() == Some("thread_broadcast");
    let there =
        !message.deleted || (message.thread_ts.is_none() && channel.replies(&message.ts).next().is_some());
    top_level && there
}

/// The message, or the placeholder of a deleted one.
pub(crate) fn shown(
    ws: &SimulatedWorkspace,
    channel: &Channel,
    message: &Message,
    metadata: Metadata,
) -> Value {
    if !message.deleted {
        return ws.message_json(channel, message, metadata);
    }
    json!({
        "type": "message",
        "subtype": "tombstone",
        "text": "This message was deleted.",
        "user": "USLACKBOT",
        "hidden": true,
        "ts": message.ts,
        "thread_ts": message.ts,
        "reply_count": channel.replies(&message.ts).count(),
    })
}
