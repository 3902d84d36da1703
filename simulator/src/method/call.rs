//! One call on its way through a method.

use super::arguments::MethodArguments;
use super::refusal::MethodRefusal;
use super::{Method, MethodScopes};
use crate::state::host::{Host, has_any};
use crate::state::workspace::installation::Holder;
use crate::state::workspace::{Channel, ChannelKind, SimulatedWorkspace};

/// What a method works on.
pub(crate) struct MethodCall<'a> {
    pub(crate) host: &'a Host,
    pub(crate) method: &'static Method,
    pub(crate) args: &'a MethodArguments,
    /// Whose token it is; none where a method needs none.
    pub(crate) holder: Option<Holder>,
    /// What the token may.
    pub(crate) scopes: Vec<String>,
}

impl MethodCall<'_> {
    /// Whether the token has any of these scopes.
    pub(crate) fn has_any_scope(&self, scopes: &[&str]) -> bool {
        has_any(&self.scopes, scopes)
    }

    /// Refused unless the token has this scope.
    pub(crate) fn require_scope(&self, scope: &str) -> Result<(), MethodRefusal> {
        if self.has_any_scope(&[scope]) {
            return Ok(());
        }
        Err(MethodRefusal::missing_scope(scope, &self.scopes))
    }

    /// Refused unless the token has what every call of the method needs.
    pub(crate) fn require_method_scopes(&self) -> Result<(), MethodRefusal> {
        let needed: Vec<String> = match self.method.scopes {
            MethodScopes::None => return Ok(()),
            MethodScopes::AnyOf(any) => any.iter().map(|&s| s.to_owned()).collect(),
            MethodScopes::Family(ending) => ["channels", "groups", "mpim", "im"]
                .iter()
                .map(|family| format!("{family}:{ending}"))
                .collect(),
        };
        let names: Vec<&str> = needed.iter().map(String::as_str).collect();
        if self.has_any_scope(&names) {
            return Ok(());
        }
        Err(MethodRefusal::missing_scope(&needed.join(","), &self.scopes))
    }

    /// Refused unless the token may do this with conversations of this kind.
    pub(crate) fn require_family(&self, kind: &ChannelKind) -> Result<(), MethodRefusal> {
        match self.method.scopes {
            MethodScopes::Family(ending) => self.require_scope(&format!("{}:{ending}", kind.scope_family())),
            MethodScopes::None | MethodScopes::AnyOf(_) => Ok(()),
        }
    }

    /// The conversation of the `channel` argument, if the bot may know of it: by id only.
    pub(crate) fn channel<'w>(&self, ws: &'w SimulatedWorkspace) -> Result<&'w Channel, MethodRefusal> {
        let id = self.args.required("channel")?;
        let channel = ws.channel(&id).ok_or("channel_not_found")?;
        if channel.kind != ChannelKind::Public && !ws.bot_is_in(channel) {
            return Err("channel_not_found".into());
        }
        self.require_family(&channel.kind)?;
        Ok(channel)
    }

    /// The same, and the bot must be in it.
    pub(crate) fn joined_channel<'w>(
        &self,
        ws: &'w SimulatedWorkspace,
    ) -> Result<&'w Channel, MethodRefusal> {
        let channel = self.channel(ws)?;
        if ws.bot_is_in(channel) {
            Ok(channel)
        } else {
            Err("not_in_channel".into())
        }
    }
}
