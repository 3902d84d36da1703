//! What people do in Slack, and what Slack tells of: each feature handles requests of its own, or looks after something of its own.
//!
//! A feature imports no other: what two share has a name, and stands below. [`crate::routes`] and [`crate::bridge`] alone name features.

pub(crate) mod actions;
pub(crate) mod channel_events;
pub(crate) mod commands;
pub(crate) mod comments;
pub(crate) mod create;
pub(crate) mod deletion;
pub(crate) mod home;
pub(crate) mod install;
pub(crate) mod mention;
pub(crate) mod operation;
pub(crate) mod people;
pub(crate) mod restore;
pub(crate) mod unfurl;
pub(crate) mod workflow;
