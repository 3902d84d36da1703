//! Who did something: a member, a person in Slack who is none, or the holder of an API key.

use std::sync::Arc;

use tocsin_entity::{
    api_key,
    id::{ApiKeyId, OrganizationId, UserId},
    timeline_entry,
};

use crate::{
    error::InternalError,
    loaders::{MemberKey, MemberRow, RequestLoader},
};

/// An author, as people are shown them.
#[derive(Debug, Clone)]
pub struct Author {
    /// The name people read.
    pub name: String,
    /// The member, where it is one.
    pub member: Option<Arc<MemberRow>>,
}

/// The author of an entry of a timeline; none for what Tocsin did by itself.
pub async fn of_entry(
    loaders: &RequestLoader,
    entry: &timeline_entry::Model,
) -> Result<Option<Author>, InternalError> {
    if let Some(name) = &entry.author_name
        && entry.author_user_id.is_none()
    {
        return Ok(Some(Author {
            name: name.clone(),
            member: None,
        }));
    }
    find(
        loaders,
        entry.organization_id,
        entry.author_user_id,
        entry.author_key_id,
    )
    .await
}

/// A member of the organisation, or else the holder of a key.
pub async fn find(
    loaders: &RequestLoader,
    organization_id: OrganizationId,
    user_id: Option<UserId>,
    key_id: Option<ApiKeyId>,
) -> Result<Option<Author>, InternalError> {
    if let Some(user_id) = user_id
        && let Some(member) = loaders.load_one(MemberKey(organization_id, user_id)).await?
    {
        return Ok(Some(Author {
            name: member.name.clone(),
            member: Some(member),
        }));
    }
    let Some(key_id) = key_id else {
        return Ok(None);
    };
    let key: Option<api_key::Model> = loaders.load_one(key_id).await?;
    Ok(key.map(|key| Author {
        name: key.name,
        member: None,
    }))
}
