//! Organisations: the tenants that own everything else.

use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use time::OffsetDateTime;
use tocsin_entity::{
    id::OrganizationId,
    organization::{Column, Entity, Model},
};

use crate::{
    error::{InternalError, RequestError},
    request::Request,
    tenant::{Tenant, everywhere},
    viewer::Permission,
};

/// What people call the organisation.
pub async fn name(request: &Request<'_>, id: OrganizationId) -> Result<String, InternalError> {
    Ok(get(request, id).await?.name)
}

/// The organisation of this id, if it is the viewer's own; for the bridge, any.
pub async fn find(request: &Request<'_>, id: &str) -> Result<Option<Model>, RequestError> {
    let Ok(id) = id.parse::<OrganizationId>() else {
        return Ok(None);
    };
    if request.viewer.is_bridge() || request.viewer.may(Permission::Read)? == id {
        Ok(load(request, id).await?)
    } else {
        Ok(None)
    }
}

/// The organisation that the viewer's key opens, for whoever reads in it.
pub async fn own(request: &Request<'_>) -> Result<Model, RequestError> {
    let id = request.viewer.may(Permission::Read)?;
    Ok(get(request, id).await?)
}

/// The organisation that the viewer's key opens, whatever else the key is for; none for the bridge without one.
pub async fn of_viewer(request: &Request<'_>) -> Result<Option<Model>, RequestError> {
    match request.viewer.organization_id() {
        Some(id) => Ok(load(request, id).await?),
        None if request.viewer.is_bridge() => Ok(None),
        None => Err(RequestError::Unauthenticated),
    }
}

/// How long before `changed_since` events count as well, in seconds: a transaction may become visible after later ones, and an organisation's last
/// event is known to the second.
const LATE: i64 = 30;

/// Every organisation, oldest first: for the bridge alone. With `changed_since`, those whose event log has grown since then or shortly before: the
/// cost grows with their number, and not with that of all. Where the clock has been set back behind that time, all of them.
pub async fn list(
    request: &Request<'_>,
    changed_since: Option<OffsetDateTime>,
) -> Result<Vec<Model>, RequestError> {
    request.viewer.may_ask_for_all()?;
    let mut find = everywhere::<Entity>("the bridge serves every organisation").order_by_asc(Column::Id);
    let now = request.domain.clock().now();
    // Whose clock is a little ahead is no reason to read all.
    let late = time::Duration::seconds(LATE);
    if let Some(since) = changed_since.filter(|since| *since <= now + late) {
        let second = since.unix_timestamp().saturating_sub(LATE);
        find = find.filter(Column::LastEventSecond.gte(second));
    }
    Ok(find.all(request.read()).await?)
}

async fn get(request: &Request<'_>, id: OrganizationId) -> Result<Model, InternalError> {
    let found = load(request, id).await?;
    found.ok_or_else(|| InternalError::Broken(format!("the organisation {id} is not there")))
}

async fn load(request: &Request<'_>, id: OrganizationId) -> Result<Option<Model>, InternalError> {
    Ok(Tenant::of(id).organization().one(request.read()).await?)
}
