//! The methods of the Web API that the bridge calls.

/// How often a method may be called, as Slack classes it.
///
/// Source: docs.slack.dev, "Rate limits".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// 20 a minute.
    Two,
    /// 50 a minute.
    Three,
    /// 100 a minute.
    Four,
    /// "Hundreds" a minute, for methods with a limit of their own.
    Special,
    /// `chat.postMessage`: its places are reserved by who posts, by channel.
    Post,
}

/// A method of the Web API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// Its name, such as `chat.postMessage`.
    pub name: &'static str,
    /// How often it may be called.
    pub tier: Tier,
    /// Whether Slack reads a JSON body for it; else arguments go as a form.
    pub json: bool,
}

impl Method {
    const fn json(name: &'static str, tier: Tier) -> Self {
        Self {
            name,
            tier,
            json: true,
        }
    }

    const fn form(name: &'static str, tier: Tier) -> Self {
        Self {
            name,
            tier,
            json: false,
        }
    }
}

/// Whom a token belongs to.
pub const AUTH_TEST: Method = Method::json("auth.test", Tier::Special);
/// Posts a message.
pub const CHAT_POST_MESSAGE: Method = Method::json("chat.postMessage", Tier::Post);
/// Shows a message to one person.
pub const CHAT_POST_EPHEMERAL: Method = Method::json("chat.postEphemeral", Tier::Four);
/// Reacts to a message with an emoji.
pub const REACTIONS_ADD: Method = Method::json("reactions.add", Tier::Three);
/// Changes a message.
pub const CHAT_UPDATE: Method = Method::json("chat.update", Tier::Three);
/// Deletes a message.
pub const CHAT_DELETE: Method = Method::json("chat.delete", Tier::Three);
/// Gives links their previews.
pub const CHAT_UNFURL: Method = Method::json("chat.unfurl", Tier::Three);
/// Joins a public channel.
pub const CONVERSATIONS_JOIN: Method = Method::json("conversations.join", Tier::Three);
/// Opens the direct messages with a person.
pub const CONVERSATIONS_OPEN: Method = Method::json("conversations.open", Tier::Three);
/// Makes a channel.
pub const CONVERSATIONS_CREATE: Method = Method::json("conversations.create", Tier::Two);
/// Reads a channel.
pub const CONVERSATIONS_INFO: Method = Method::form("conversations.info", Tier::Three);
/// Lists channels.
pub const CONVERSATIONS_LIST: Method = Method::form("conversations.list", Tier::Two);
/// Reads a channel's messages.
pub const CONVERSATIONS_HISTORY: Method = Method::form("conversations.history", Tier::Three);
/// Reads a thread.
pub const CONVERSATIONS_REPLIES: Method = Method::form("conversations.replies", Tier::Three);
/// Lists user groups.
pub const USERGROUPS_LIST: Method = Method::form("usergroups.list", Tier::Two);
/// Finds a person by their e-mail address.
pub const USERS_LOOKUP_BY_EMAIL: Method = Method::form("users.lookupByEmail", Tier::Three);
/// Reads a person.
pub const USERS_INFO: Method = Method::form("users.info", Tier::Four);
/// The address of a message, for people.
pub const CHAT_GET_PERMALINK: Method = Method::form("chat.getPermalink", Tier::Special);
/// The address of a WebSocket, for Socket Mode.
pub const APPS_CONNECTIONS_OPEN: Method = Method::form("apps.connections.open", Tier::Three);
/// Opens a modal.
pub const VIEWS_OPEN: Method = Method::json("views.open", Tier::Four);
/// Changes a modal.
pub const VIEWS_UPDATE: Method = Method::json("views.update", Tier::Four);
/// Shows a person's Home tab.
pub const VIEWS_PUBLISH: Method = Method::json("views.publish", Tier::Four);
/// Completes a step of a workflow.
pub const FUNCTIONS_COMPLETE_SUCCESS: Method = Method::json("functions.completeSuccess", Tier::Three);
/// Fails a step of a workflow.
pub const FUNCTIONS_COMPLETE_ERROR: Method = Method::json("functions.completeError", Tier::Three);
