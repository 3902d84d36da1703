//! A subcommand of the slash command that a feature of its own answers and works.

use futures::future::BoxFuture;
use tocsin_queue::JobError;

use super::{Answer, Ask, Item, Worked};
use crate::grammar::verb::Verb;

/// A subcommand, and who answers and works it.
pub(crate) struct Subcommand<P: 'static> {
    pub(crate) verb: Verb,
    /// Answers the command, or has it stored.
    pub(crate) answer: for<'a> fn(&'a P, &'a Ask) -> BoxFuture<'a, Result<Answer, JobError>>,
    /// Works the command that was stored.
    pub(crate) work: for<'a> fn(&'a P, &'a Item) -> BoxFuture<'a, Worked>,
}
