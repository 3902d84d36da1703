//! Block Kit's rules: what Slack refuses as `invalid_blocks`.
//!
//! Source: Slack, Block Kit reference, and the limits in the models of its Python and Node SDKs. Lengths
//! are counted in UTF-16 units, the largest of the possible counts: Slack says "characters". A field that
//! Slack does not know spoils the whole message there, and so it does here.

mod attachments;
mod blocks;
mod elements;
mod problems;
mod rich_text;
mod text;
mod views;

use serde_json::Value;

use problems::{Check, length};

pub(crate) use views::view_problems;

/// Where blocks are shown; not every block may be everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Surface {
    Message,
    Attachment,
    Unfurl,
    Modal,
    Home,
}

/// Text of all blocks of a message together. Source: slackapi/bolt-js, issue 2509, where Slack's staff
/// speaks of 12,000 and a buffer; others have measured refusals from 11,300 to 13,300.
const TOGETHER_MAX: usize = 12_000;

/// What is wrong with the blocks and attachments of a message, each with a pointer to the place.
pub(crate) fn message_problems(blocks: &[Value], attachments: &[Value]) -> Vec<String> {
    let mut check = Check::default();
    blocks::check_list(&mut check, blocks, "/blocks", Surface::Message);
    attachments::check_list(&mut check, attachments);
    check.into_problems()
}

/// What is wrong with one value of the `unfurls` map.
pub(crate) fn unfurl_problems(unfurl: &Value) -> Vec<String> {
    let mut check = Check::default();
    attachments::check_unfurl(&mut check, unfurl);
    check.into_problems()
}

/// Whether the blocks are refused as `msg_blocks_too_long`.
pub(crate) fn too_long_together(blocks: &[Value]) -> bool {
    blocks.iter().map(text_length).sum::<usize>() > TOGETHER_MAX
}

fn text_length(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(text_length).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, inner)| match inner {
                Value::String(text) if key == "text" => length(text),
                Value::Array(_) | Value::Object(_) => text_length(inner),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
            })
            .sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
