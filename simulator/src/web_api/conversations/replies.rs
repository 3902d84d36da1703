//! `conversations.replies`: a thread, its parent first, then replies from old to new.

use serde_json::{Value, json};

use super::history::{Span, metadata, shown};
use crate::method::call::MethodCall;
use crate::method::refusal::{MethodOutcome, fields};
use crate::state::workspace::message::Message;
use crate::web_api::paging::{ListPage, add_cursor};

/// `conversations.replies`. `ts` may be the parent's or a reply's; the parent heads every first page.
pub(crate) fn run(call: &MethodCall<'_>) -> MethodOutcome {
    let ts = call.args.required("ts")?;
    let page = ListPage::read(call.args, 1_000, 1_000)?;
    let span = Span::read(call.args)?;
    let metadata = metadata(call.args);
    call.host.read(|ws| {
        let channel = call.joined_channel(ws)?;
        let named = channel.messages.get(&ts).ok_or("thread_not_found")?;
        let parent_ts = named.thread_ts.clone().unwrap_or_else(|| named.ts.clone());
        let parent = channel.messages.get(&parent_ts).ok_or("thread_not_found")?;
        let replies: Vec<&Message> = channel.replies(&parent_ts).collect();
        if parent.deleted && replies.is_empty() {
            return Err("thread_not_found".into());
        }
        let within = replies.into_iter().filter(|m| span.contains(&m.ts));
        let all = std::iter::once(parent)
            .chain(within)
            .map(|m| (m.ts.clone(), m))
            .collect();
        let (messages, next) = page.of(all);
        let messages: Vec<Value> = messages.iter().map(|m| shown(ws, channel, m, metadata)).collect();
        let mut reply = fields(json!({ "messages": messages, "has_more": !next.is_empty() }));
        if !next.is_empty() {
            add_cursor(&mut reply, &next);
        }
        Ok(reply)
    })
}
