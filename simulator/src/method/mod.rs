//! A method of the Web API as its caller knows it: what it needs, what it is called with, and what it answers.
//!
//! The methods themselves are in `web_api` and `oauth`.

pub(crate) mod arguments;
pub(crate) mod call;
pub(crate) mod refusal;

use crate::limits::Tier;
use call::MethodCall;
use refusal::MethodOutcome;

/// What a token must have been granted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum MethodScopes {
    /// Nothing.
    None,
    /// One of these.
    AnyOf(&'static [&'static str]),
    /// `channels:`, `groups:`, `im:` or `mpim:` with this ending; which, depends on the conversation.
    Family(&'static str),
}

/// Whose tokens a method takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKinds {
    /// The bot's.
    Bots,
    /// A person's.
    Users,
    /// Both.
    Any,
}

/// One method.
pub(crate) struct Method {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&MethodCall<'_>) -> MethodOutcome,
    pub(crate) tier: Tier,
    pub(crate) scopes: MethodScopes,
    pub(crate) tokens: TokenKinds,
    pub(crate) json: bool,
    /// Needs no token.
    pub(crate) open: bool,
    pub(crate) args: &'static [&'static str],
    pub(crate) required: &'static [&'static str],
}
