//! What people write in Slack, read as Slack gives it: rich text and mrkdwn, and as Markdown as the API holds it.

mod attachments;
mod blocks;
mod channels;
pub(crate) mod document;
mod elements;
mod escape;
mod files;
mod line;
pub(crate) mod markdown;
pub(crate) mod message;
mod message_text;
pub(crate) mod names;
#[cfg(test)]
mod tests;
mod text;
mod typed;

pub(crate) use channels::ChannelNames;
pub(crate) use message_text::{command_text, message_text, source};
pub(crate) use names::RichText;
pub(crate) use typed::{as_typed, typed_markdown};
