//! A request from Slack, as features see it: for which installation it is, how it is worked or answered, and who does that.

mod item;
mod manifest;
pub(crate) mod paths;
mod prompt;
mod registry;
mod route;
mod sequence;

pub(crate) use self::{
    item::{Item, Outcome, Worked},
    manifest::{Shortcut, WorkflowStep},
    prompt::{Answer, Ask, Prompt, Reply, Responder},
    registry::Registry,
    route::{RequestHandler, Route},
    sequence::SequencePlace,
};
