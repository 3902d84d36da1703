//! Users: the members of an organisation.

mod carry_over;
mod command;
mod submit;

pub(crate) use self::carry_over::run as carry_over;
pub use self::submit::{CreateUser, UpdateUser, create, update};
