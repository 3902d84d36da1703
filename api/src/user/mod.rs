//! Users: the members of an organisation.

mod carry_over;
mod command;
mod graphql;

pub(crate) use self::carry_over::run as carry_over;
pub(crate) use self::graphql::{Author, User, UserMutation, UserQuery, load_member};
