//! Who makes a change, and through what.

use tocsin_entity::{
    id::{ApiKeyId, OrganizationId, UserId},
    kinds::Source,
};

/// Who acts, and through what.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The organisation it happens in.
    pub organization_id: OrganizationId,
    /// The member who acts, where one does.
    pub user_id: Option<UserId>,
    /// The key that acts, where no member does.
    pub key_id: Option<ApiKeyId>,
    /// The display name of a person in Slack who is no member.
    pub slack_name: Option<String>,
    /// Through what the change comes.
    pub source: Source,
    /// The request that asks for it, for logs.
    pub request_id: Option<String>,
}
