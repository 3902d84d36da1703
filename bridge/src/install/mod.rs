//! How the Slack app comes to be: its manifest, which says what it is called, what it answers to and what it may do.

pub(crate) mod manifest;

/// Where Slack sends people who have installed the app, below the public address.
pub(crate) const OAUTH_CALLBACK: &str = "/slack/oauth/callback";

/// Where Slack sends people who have signed in to link their account, below the public address.
pub(crate) const OAUTH_IDENTITY: &str = "/slack/oauth/identity";
