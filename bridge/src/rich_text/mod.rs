//! What people write in Slack, read as Slack gives it: rich text and mrkdwn, and as Markdown as the API holds it.

mod channels;
pub(crate) mod document;
mod elements;
mod escape;
pub(crate) mod markdown;
pub(crate) mod message;
pub(crate) mod names;
mod spoken;
mod text;

pub(crate) use channels::ChannelNames;
pub(crate) use names::RichText;
pub(crate) use spoken::{source, spoken};
