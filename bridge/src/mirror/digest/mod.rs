//! Storms: when incidents come faster than Slack takes messages, those that would wait too long share one message.
//!
//! A connector has one open digest at the most. Each incident in it has a line, which follows the incident as its own message
//! would; the message is written again as often as the pace allows, whatever number of lines has changed.

pub(crate) mod content;
pub(crate) mod lines;
pub(crate) mod refresh;
