//! Comments, both ways: Markdown as the API holds it, and mrkdwn and rich text as Slack does.
//!
//! A person's reply in the thread of an incident's message becomes a comment on its timeline, in the name of the member with
//! the same e-mail address; its edits and its deletion follow. What the bot itself says there is never read back.

mod history;
mod reply;
mod reply_change;
mod revise;

pub(crate) use history::{CommentHistory, ReplyInbox};
pub(crate) use reply::{Comments, ROUTE};
pub(crate) use reply_change::place;
