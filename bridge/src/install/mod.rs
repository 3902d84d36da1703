//! How the Slack app comes to be: its manifest, which says what it is called, what it answers to and what it may do.

mod callback;
mod lifecycle;
pub(crate) mod manifest;
mod page;
mod state;

pub(crate) use self::{
    callback::{of_link, router},
    lifecycle::{REVOKED, UNINSTALLED},
    page::{Ending, OK},
    state::redeem,
};
pub(crate) use crate::workspace_sync::{
    forget::forget,
    rotate::{CLAIM, Rotation},
};

/// Where Slack sends people who have installed the app, below the public address.
pub(crate) const OAUTH_CALLBACK: &str = tocsin_slack_app::oauth::CALLBACK;

/// Where Slack sends people who have signed in to link their account, below the public address.
pub(crate) const OAUTH_IDENTITY: &str = tocsin_slack_app::link_state::SIGN_IN_CALLBACK;

pub(crate) use tocsin_slack_app::link_state::SIGN_IN_SCOPES;
