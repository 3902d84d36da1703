//! Services, in GraphQL.

mod managers;
mod mutation;
mod query;
mod types;

pub(super) use self::{
    managers::ServiceManagerMutation,
    mutation::ServiceMutation,
    query::{ServiceFilter, ServiceOrder, ServicePage, ServiceQuery, find, list},
    types::Service,
};
