//! Users: the members of an organisation.

mod command;
mod graphql;

pub(crate) use self::graphql::{Author, User, UserMutation, UserQuery, load_member};
