//! When a connector's fallback is used: the one rule by which the bridge posts there, and by which the api says so beforehand.

use tocsin_entity::slack::connector::{CHANNEL_TAKEN, WORKSPACE_UNUSABLE};
use tocsin_slack::refusal_scope::{RefusalScope, refusal_scope};

/// Whether another channel may do in which a connector's fallback leads: the channel takes nothing, is another organisation's, or nothing goes
/// into its workspace.
pub fn has_fallback(code: &str) -> bool {
    matches!(code, CHANNEL_TAKEN | WORKSPACE_UNUSABLE) || refusal_scope(code) == Some(RefusalScope::Channel)
}
