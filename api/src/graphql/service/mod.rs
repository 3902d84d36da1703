//! Services, in GraphQL.

mod managers;
mod types;

pub(super) use self::{
    managers::ServiceManagerMutation,
    types::{Service, ServiceMutation, ServiceQuery, find},
};
