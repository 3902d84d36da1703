//! What Slack's refusals say of the place: the one rule for what is tried again, and for what another channel may do.

/// What takes nothing until a person acts, however long that takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalScope {
    /// The channel: another one may do.
    Channel,
    /// Threads in the channel, or this one: the incident's message is there, and its replies wait.
    Thread,
    /// All that the token is used for in the workspace.
    Workspace,
}

/// What it is that takes nothing; none where the refusal is of something else. The one place that says so: it decides what is tried again for ever and for
/// what there are fallbacks.
pub fn refusal_scope(code: &str) -> Option<RefusalScope> {
    match code {
        "restricted_action_non_threadable_channel" | "restricted_action_thread_locked" => {
            Some(RefusalScope::Thread)
        }
        // Slack gives reasons of its own to a restriction, and may come to give others.
        code if code.starts_with("restricted_action") => Some(RefusalScope::Channel),
        "access_denied"
        | "channel_is_limited_access"
        | "channel_not_found"
        | "ekm_access_denied"
        | "is_archived"
        | "is_inactive"
        | "no_permission"
        | "not_in_channel"
        | "posting_to_channel_denied" => Some(RefusalScope::Channel),
        "accesslimited"
        | "enterprise_is_restricted"
        | "missing_scope"
        | "not_allowed_token_type"
        | "two_factor_setup_required" => Some(RefusalScope::Workspace),
        _ => None,
    }
}
