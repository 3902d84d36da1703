//! A request from Slack, as features see it: for which installation it is, how it is worked or answered, and who does that.

mod inbound_request;
mod interactive;
mod manifest;
pub(crate) mod paths;
mod registry;
mod route;
mod sequence;

pub(crate) use self::{
    inbound_request::{InboundRequest, RequestOutcome, WorkResult},
    interactive::{InteractiveOutcome, InteractiveRequest, InteractiveRoute, Responder, SlackAnswer},
    manifest::{Shortcut, WorkflowStep},
    registry::Registry,
    route::{RequestHandler, Route},
    sequence::SequencePlace,
};
