//! Incidents, in GraphQL.

mod abilities;
mod bulk;
mod filter;
mod input;
mod mutation;
mod query;
mod types;

pub(super) use self::{
    bulk::BulkIncidentMutation,
    filter::{IncidentFilter, IncidentOrder},
    input::{TagInput, tag_values},
    mutation::IncidentMutation,
    query::{IncidentPage, IncidentQuery, list},
    types::{Incident, find},
};
