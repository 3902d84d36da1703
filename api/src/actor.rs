//! Who makes a change, and through what.

use tocsin_entity::{
    id::{ApiKeyId, OrganizationId, UserId},
    kinds::Source,
};

/// Who acts, and through what.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    /// The organisation it happens in.
    pub(crate) organization_id: OrganizationId,
    /// The member who acts, where one does.
    pub(crate) user_id: Option<UserId>,
    /// The key that acts, where no member does.
    pub(crate) key_id: Option<ApiKeyId>,
    /// The display name of a person in Slack who is no member.
    pub(crate) slack_name: Option<String>,
    /// Through what the change comes.
    pub(crate) source: Source,
    /// The request that asks for it, for logs.
    pub(crate) request_id: Option<String>,
}
