//! How the Slack app comes to be: its manifest, which says what it is called, what it answers to and what it may do.

mod callback;
mod forget;
mod lifecycle;
pub(crate) mod manifest;
mod page;
mod rotate;
mod state;

pub(crate) use self::{
    callback::{of_link, router},
    forget::forget,
    lifecycle::{REVOKED, UNINSTALLED},
    page::{Ending, OK},
    rotate::{CLAIM, Rotation},
    state::redeem,
};

/// Where Slack sends people who have installed the app, below the public address.
pub(crate) const OAUTH_CALLBACK: &str = tocsin_slack_app::oauth::CALLBACK;

/// Where Slack sends people who have signed in to link their account, below the public address.
pub(crate) const OAUTH_IDENTITY: &str = tocsin_slack_app::link_state::SIGN_IN_CALLBACK;

pub(crate) use tocsin_slack_app::link_state::SIGN_IN_SCOPES;
