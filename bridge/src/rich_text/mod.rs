//! What people write in Slack, read as Slack gives it: rich text and mrkdwn, and as Markdown as the API holds it.

mod channels;
pub(crate) mod document;
mod elements;
mod escape;
pub(crate) mod markdown;
pub(crate) mod message;
mod message_text;
pub(crate) mod names;
mod text;

pub(crate) use channels::ChannelNames;
pub(crate) use message_text::{message_text, source};
pub(crate) use names::RichText;
