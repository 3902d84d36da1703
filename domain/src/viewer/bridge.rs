//! What the Slack bridge may do, and what of the schema is there for it alone.

use super::{ActingMember, Permission};

/// Why the bridge may not do this, if so. This is the list of all that it may: whatever is not allowed here is refused,
/// whoever the bridge acts for. Its token is known to every bridge and opens every organisation, so it manages nothing.
pub(crate) fn lacks(need: Permission, on_behalf_of: Option<ActingMember>) -> Option<&'static str> {
    match need {
        Permission::Read | Permission::Report => None,
        Permission::Trigger | Permission::Respond | Permission::Moderate => on_behalf_of
            .is_none()
            .then_some("The Slack bridge changes incidents on behalf of a member only."),
        Permission::Manage | Permission::Myself => Some(
            "The Slack bridge works incidents and reports what happens in Slack. It manages nothing, whoever it acts \
             for: use an API key of the organisation.",
        ),
    }
}
