//! The commands of administrators: members, keys, Slack and connectors, by GraphQL with a key, on this machine or another.
//!
//! [`connection`] finds the API and the key, [`output`] prints for people or as JSON, [`wait`] awaits what the Slack bridge does meanwhile.
//! JSON is printed in the shape of the GraphQL schema.

mod connection;
mod connector;
mod key;
mod output;
mod slack;
mod user;
mod wait;

pub(crate) use self::{
    connection::ApiArguments,
    connector::{ConnectorCommand, run as connector},
    key::{has_key, run as key},
    slack::{SlackCommand, run as slack},
    user::{UserCommand, run as user},
};
