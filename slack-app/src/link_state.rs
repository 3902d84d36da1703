//! What the api and the bridge say to each other by way of a person who says which member they are.

use serde::{Deserialize, Serialize};

use tocsin_entity::id::{OrganizationId, UserId};

/// What a code is sealed for that somebody is given in Slack.
pub const CODE: &str = "slack_link_code";

/// What a state is sealed for with which a member goes to Slack to sign in.
pub const SIGN_IN: &str = "slack_sign_in";

/// Where Slack sends people back to who have signed in, below the public address.
pub const SIGN_IN_CALLBACK: &str = "/slack/oauth/identity";

/// What people are asked for who sign in. Slack refuses to have it asked for together with anything else, and refuses it to an app whose manifest does
/// not name it.
///
/// Source: docs.slack.dev, "Sign in with Slack", and apps that were exported by `apps.manifest.export`.
pub const SIGN_IN_SCOPES: [&str; 3] = ["email", "openid", "profile"];

/// The cookie that binds a sign-in to the browser in which it began. Browsers take one with this prefix from the server itself alone.
pub const SECURE_BINDING_COOKIE: &str = "__Host-tocsin_begin";

/// The same where the server is reached on its own machine without TLS, for which the prefix is not to be had.
pub const BINDING_COOKIE: &str = "tocsin_begin";

/// What a state is sealed for with which somebody goes to Slack to be signed in to Tocsin's pages.
pub const SESSION_SIGN_IN: &str = "slack_session";

/// Where somebody begins to sign in with Slack, below the public address.
pub const SESSION_SIGN_IN_PAGE: &str = "/slack/sign-in";

/// What somebody is given in Slack: the member who shows it is they.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkCode {
    /// The Slack workspace.
    pub team_id: String,
    /// The person there.
    pub slack_user_id: String,
    /// Of which organisations they may be a member; none where the workspace serves all of them.
    pub organizations: Option<Vec<OrganizationId>>,
}

/// With what a member goes to Slack: the person who comes back is they.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// The organisation.
    pub organization_id: OrganizationId,
    /// The member.
    pub user_id: UserId,
    /// What Slack's token must carry.
    pub nonce: String,
}

/// With what somebody goes to Slack who wants to be signed in: in the browser that comes back with it, and no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionSignIn {
    /// SHA-256, in hex, of what that browser holds.
    pub browser_hash: String,
    /// What Slack's token must carry.
    pub nonce: String,
}
