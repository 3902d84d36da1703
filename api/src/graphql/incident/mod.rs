//! Incidents, in GraphQL.

mod filter;
mod input;
mod mutation;
mod query;
mod types;

pub(super) use self::{
    filter::IncidentFilter,
    input::{TagInput, tag_values},
    mutation::IncidentMutation,
    query::IncidentQuery,
    types::{Incident, find},
};
