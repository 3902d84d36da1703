//! What people read in Slack: every text, by the area that it is of.
//!
//! A text is a constant, or a function that makes it of what it tells. What is foreign comes as `&str` and is escaped here, by [`Mrkdwn::text`]; what is
//! mrkdwn already has the type [`Mrkdwn`]. So nothing foreign gets into a text unescaped.
//!
//! How they are written: short, active, plain, one idea to a sentence, with the way on. A refusal says that nothing was done, why, its code, and who can
//! help. The snapshot holds them all, to be read aloud; `tests/architecture` finds sentences that stand elsewhere.

pub(crate) mod accounts;
pub(crate) mod actions;
pub(crate) mod commands;
pub(crate) mod create;
pub(crate) mod health;
pub(crate) mod home;
pub(crate) mod incident;
pub(crate) mod install;
pub(crate) mod notices;
pub(crate) mod operations;
pub(crate) mod requests;
#[cfg(test)]
mod tests;
pub(crate) mod workflow;

use tocsin_message::mrkdwn::Mrkdwn;

/// Characters of a name that are shown.
const NAME_MAX: usize = 100;

/// A foreign name, or what somebody typed, as it stands in a sentence.
fn name(text: &str) -> Mrkdwn {
    Mrkdwn::text(text).cut(NAME_MAX)
}

/// Shown in a dialog at once, until it is filled.
pub(crate) const LOADING: &str = "One moment …";

/// The button that closes a dialog in which there is nothing to submit.
pub(crate) const CLOSE: &str = "Close";

/// The title of a dialog that says why nothing was done.
pub(crate) const NOTHING_DONE: &str = "Nothing was done";

/// Below an input that takes what a message does.
pub(crate) const FORMAT_HINT: &str = "You can format it as in a message.";
