//! The scopes that may be asked for.
//!
//! Source: the method reference of docs.slack.dev ("Required scopes") and the manifest reference.

use crate::config::ALL_SCOPES;

/// Scopes of bots beside those that the simulator itself asks for.
const FURTHER_BOT_SCOPES: &[&str] = &[
    "assistant:write",
    "bookmarks:read",
    "calls:read",
    "calls:write",
    "canvases:read",
    "canvases:write",
    "channels:write.invites",
    "channels:write.topic",
    "conversations.connect:manage",
    "conversations.connect:read",
    "conversations.connect:write",
    "datastore:read",
    "datastore:write",
    "dnd:read",
    "emoji:read",
    "files:read",
    "files:write",
    "groups:write.invites",
    "groups:write.topic",
    "im:write.topic",
    "incoming-webhook",
    "links.embed:write",
    "lists:read",
    "lists:write",
    "metadata.message:read",
    "mpim:write",
    "mpim:write.topic",
    "reminders:read",
    "reminders:write",
    "remote_files:read",
    "remote_files:share",
    "remote_files:write",
    "team.billing:read",
    "team.preferences:read",
    "triggers:read",
    "triggers:write",
    "usergroups:write",
    "users.profile:read",
    "users:write",
    "workflow.steps:execute",
];

/// Scopes that people alone can grant, for what they may themselves.
const USER_SCOPES: &[&str] = &[
    "admin",
    "auditlogs:read",
    "channels:write",
    "identify",
    "search:read",
    "stars:read",
    "stars:write",
    "users.profile:write",
];

/// Scopes of bots that people do not grant.
const NOT_FOR_PEOPLE: &[&str] = &[
    "app_mentions:read",
    "channels:join",
    "channels:manage",
    "chat:write.customize",
    "chat:write.public",
    "commands",
    "incoming-webhook",
];

/// Scopes of "Sign in with Slack", which go with no others.
pub(super) const SIGN_IN_SCOPES: &[&str] = &["openid", "email", "profile"];

pub(super) fn is_of_bots(scope: &str) -> bool {
    ALL_SCOPES.contains(&scope) || FURTHER_BOT_SCOPES.contains(&scope)
}

pub(super) fn is_of_people(scope: &str) -> bool {
    USER_SCOPES.contains(&scope) || (is_of_bots(scope) && !NOT_FOR_PEOPLE.contains(&scope))
}

/// A list as it stands in a link: with commas or blanks between.
pub(super) fn read(list: &str) -> Vec<String> {
    let names = list
        .split([',', ' '])
        .map(str::trim)
        .filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}
