//! Organisations: the tenants that own everything else.

use sea_orm::EntityTrait;
use tocsin_entity::{id::OrganizationId, organization};

use crate::{error::Fault, request::Request};

/// What people call the organisation.
pub(crate) async fn name(request: &Request<'_>, id: OrganizationId) -> Result<String, Fault> {
    let found = organization::Entity::find_by_id(id)
        .one(request.domain.database().read())
        .await?;
    let found = found.ok_or_else(|| Fault::Broken(format!("the organisation {id} is not there")))?;
    Ok(found.name)
}
