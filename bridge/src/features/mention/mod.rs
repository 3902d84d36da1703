//! The bot is mentioned: in an incident's thread that is a command, elsewhere it is a question.
//!
//! The same message comes as a `message` too. What is a command here is no comment there ([`crate::acting::subcommand::Subcommands::is_command`]); a note is the comment of the
//! message that asked for it, by the message's own name, so that there is one however often either comes.

mod asked;

pub(crate) use asked::{Mentions, ROUTE};
