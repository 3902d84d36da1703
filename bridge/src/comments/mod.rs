//! Comments, both ways: Markdown as the API holds it, and mrkdwn and rich text as Slack does.
//!
//! A person's reply in the thread of an incident's message becomes a comment on its timeline, in the name of the member with
//! the same e-mail address; its edits and its deletion follow. What the bot itself says there is never read back.

mod document;
mod escape;
pub(crate) mod history;
mod markdown;
mod memory;
mod message;
mod reply;
mod revise;
mod rich_text;
mod spoken;
mod text;
mod told;

pub(crate) use reply::ROUTE;
pub(crate) use spoken::{source, spoken};
pub(crate) use told::place;
