//! Comments, both ways: Markdown as the API holds it, and mrkdwn and rich text as Slack does.

pub mod mrkdwn;
mod writer;
