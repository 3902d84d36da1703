//! Incidents: what they are, how they change, how they are read.

mod apply;
mod batch;
mod command;
mod error;
mod filter;
mod graphql;
mod input;
mod mutation;
mod muted;
mod query;
mod transition;
#[cfg(test)]
mod transition_tests;

#[cfg(test)]
pub(crate) use self::command::Trigger;
pub(crate) use self::transition::END_SNOOZE;
pub(crate) use self::{
    apply::{Applied, Lane, Order, tell_log},
    command::{Actor, Change, Command, TagValue},
    error::IncidentError,
};
pub(crate) use self::{
    filter::IncidentFilter,
    graphql::{Incident, find},
    input::TagInput,
    mutation::IncidentMutation,
    query::IncidentQuery,
};
