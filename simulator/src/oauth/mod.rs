//! Installing the app: the page that asks a person, and the exchange of what comes back.
//!
//! Source: Slack, "Installing with OAuth". A link that names no known app or no permitted way back is refused on the page; whatever else is
//! wrong with it is told to the app, by sending the person back. That Slack tells `invalid_scope` so is from memory: its documentation names
//! the error and not its way.

pub(crate) mod access;
pub(crate) mod decision;
mod link;
pub(crate) mod openid;
mod page;
mod scopes;

pub(crate) use page::routes;
