//! The methods of the Web API that the bridge calls.

/// How often a method may be called, as Slack classes it.
///
/// Source: docs.slack.dev, "Rate limits".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tier {
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
pub(crate) struct Method {
    pub(crate) name: &'static str,
    pub(crate) tier: Tier,
    /// Whether Slack reads a JSON body for it; else arguments go as a form.
    pub(crate) json: bool,
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

pub(crate) const AUTH_TEST: Method = Method::json("auth.test", Tier::Special);
pub(crate) const CHAT_POST_MESSAGE: Method = Method::json("chat.postMessage", Tier::Post);
pub(crate) const CHAT_POST_EPHEMERAL: Method = Method::json("chat.postEphemeral", Tier::Four);
pub(crate) const CHAT_UPDATE: Method = Method::json("chat.update", Tier::Three);
pub(crate) const CHAT_DELETE: Method = Method::json("chat.delete", Tier::Three);
pub(crate) const CHAT_UNFURL: Method = Method::json("chat.unfurl", Tier::Three);
pub(crate) const CONVERSATIONS_JOIN: Method = Method::json("conversations.join", Tier::Three);
pub(crate) const CONVERSATIONS_CREATE: Method = Method::json("conversations.create", Tier::Two);
pub(crate) const CONVERSATIONS_INFO: Method = Method::form("conversations.info", Tier::Three);
pub(crate) const CONVERSATIONS_LIST: Method = Method::form("conversations.list", Tier::Two);
pub(crate) const CONVERSATIONS_HISTORY: Method = Method::form("conversations.history", Tier::Three);
pub(crate) const CONVERSATIONS_REPLIES: Method = Method::form("conversations.replies", Tier::Three);
pub(crate) const USERGROUPS_LIST: Method = Method::form("usergroups.list", Tier::Two);
pub(crate) const USERS_LOOKUP_BY_EMAIL: Method = Method::form("users.lookupByEmail", Tier::Three);
pub(crate) const USERS_INFO: Method = Method::form("users.info", Tier::Four);
pub(crate) const CHAT_GET_PERMALINK: Method = Method::form("chat.getPermalink", Tier::Special);
pub(crate) const APPS_CONNECTIONS_OPEN: Method = Method::form("apps.connections.open", Tier::Three);
pub(crate) const VIEWS_OPEN: Method = Method::json("views.open", Tier::Four);
pub(crate) const VIEWS_UPDATE: Method = Method::json("views.update", Tier::Four);
pub(crate) const VIEWS_PUBLISH: Method = Method::json("views.publish", Tier::Four);
pub(crate) const FUNCTIONS_COMPLETE_SUCCESS: Method = Method::json("functions.completeSuccess", Tier::Three);
pub(crate) const FUNCTIONS_COMPLETE_ERROR: Method = Method::json("functions.completeError", Tier::Three);
