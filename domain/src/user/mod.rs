//! Users: the members of an organisation.

mod carry_over;
mod command;
mod query;
mod submit;

pub(crate) use self::{
    carry_over::run as carry_over,
    command::{NewMember, RoleOutcome, give_role, insert},
};
pub use self::{
    query::{UserCriteria, UserOrderField, UserSort, count, list},
    submit::{CreateUser, UpdateUser, create, update},
};
