//! Organisations: the tenants that own everything else.

use sea_orm::{EntityTrait, QueryOrder};
use tocsin_entity::{
    id::OrganizationId,
    organization::{Column, Entity, Model},
};

use crate::{
    error::{Fault, Refusal},
    request::Request,
    tenant::everywhere,
    viewer::Need,
};

/// What people call the organisation.
pub async fn name(request: &Request<'_>, id: OrganizationId) -> Result<String, Fault> {
    Ok(get(request, id).await?.name)
}

/// The organisation of this id, if it is the viewer's own; for the bridge, any.
pub async fn find(request: &Request<'_>, id: &str) -> Result<Option<Model>, Refusal> {
    let Ok(id) = id.parse::<OrganizationId>() else {
        return Ok(None);
    };
    if request.viewer.is_bridge() || request.viewer.may(Need::Read)? == id {
        Ok(load(request, id).await?)
    } else {
        Ok(None)
    }
}

/// The organisation that the viewer's key opens, for whoever reads in it.
pub async fn own(request: &Request<'_>) -> Result<Model, Refusal> {
    let id = request.viewer.may(Need::Read)?;
    Ok(get(request, id).await?)
}

/// The organisation that the viewer's key opens, whatever else the key is for; none for the bridge without one.
pub async fn of_viewer(request: &Request<'_>) -> Result<Option<Model>, Refusal> {
    match request.viewer.organization_id() {
        Some(id) => Ok(load(request, id).await?),
        None if request.viewer.is_bridge() => Ok(None),
        None => Err(Refusal::Unauthenticated),
    }
}

/// Every organisation, oldest first: for the bridge alone.
pub async fn list(request: &Request<'_>) -> Result<Vec<Model>, Refusal> {
    request.viewer.may_ask_for_all()?;
    Ok(everywhere::<Entity>("the bridge serves every organisation")
        .order_by_asc(Column::Id)
        .all(request.read())
        .await?)
}

async fn get(request: &Request<'_>, id: OrganizationId) -> Result<Model, Fault> {
    let found = load(request, id).await?;
    found.ok_or_else(|| Fault::Broken(format!("the organisation {id} is not there")))
}

async fn load(request: &Request<'_>, id: OrganizationId) -> Result<Option<Model>, Fault> {
    Ok(Entity::find_by_id(id).one(request.read()).await?)
}
