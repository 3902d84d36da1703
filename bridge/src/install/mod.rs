//! How the Slack app comes to be: its manifest, which says what it is called, what it answers to and what it may do.

mod callback;
mod lifecycle;
pub(crate) mod manifest;
mod page;
mod rotate;
mod state;

pub(crate) use self::{
    callback::router,
    lifecycle::{REVOKED, UNINSTALLED},
    rotate::run as rotate,
};

/// Where Slack sends people who have installed the app, below the public address.
pub(crate) const OAUTH_CALLBACK: &str = tocsin_entity::slack::oauth::CALLBACK;

/// Where Slack sends people who have signed in to link their account, below the public address.
pub(crate) const OAUTH_IDENTITY: &str = "/slack/oauth/identity";

/// What people are asked for who sign in to link their account. Slack refuses them to an app whose manifest does not name them, and refuses to have
/// them asked for together with others.
///
/// Source: Slack, "Sign in with Slack", and apps that were exported by `apps.manifest.export`.
pub(crate) const SIGN_IN_SCOPES: [&str; 3] = ["email", "openid", "profile"];
