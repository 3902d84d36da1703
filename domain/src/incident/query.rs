//! Reading incidents: one, a page of those that are wanted, how many these are, and a stretch of a timeline.

use std::sync::Arc;

use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use tocsin_entity::{
    id::{IncidentId, TimelineEntryId},
    incident::{self, TagValue},
    timeline_entry,
};

use super::{criteria::IncidentCriteria, order::IncidentSort};
use crate::{
    error::{InternalError, RequestError},
    loaders::TimelineOf,
    paging::{PageBounds, PageRequest, RowPage},
    request::Request,
    tenant::Tenant,
    timeline::TimelinePosition,
    viewer::Permission,
};

/// An incident's labels.
///
/// # Errors
/// A broken row.
pub fn tags(incident: &incident::Model) -> Result<Vec<TagValue>, InternalError> {
    serde_json::from_value(incident.tags.clone()).map_err(|error| {
        InternalError::Broken(format!(
            "the tags of incident {} can't be read: {error}",
            incident.id
        ))
    })
}

/// An incident by its id.
pub async fn find(request: &Request<'_>, id: &str) -> Result<Option<Arc<incident::Model>>, RequestError> {
    request
        .load_owned::<IncidentId, Arc<incident::Model>>(Permission::Read, id)
        .await
}

/// An incident by its number in the viewer's organisation.
pub async fn find_by_number(
    request: &Request<'_>,
    number: i64,
) -> Result<Option<Arc<incident::Model>>, RequestError> {
    let found = request
        .tenant(Permission::Read)?
        .find::<incident::Entity>()
        .filter(incident::Column::Number.eq(number))
        .one(request.read())
        .await?;
    Ok(found.map(Arc::new))
}

/// A page of the organisation's incidents; [`IncidentSort::cursor`] tells their cursors.
pub async fn list(
    request: &Request<'_>,
    criteria: &IncidentCriteria,
    sort: IncidentSort,
    page: PageRequest,
) -> Result<RowPage<Arc<incident::Model>>, RequestError> {
    let organization = request.viewer.may(Permission::Read)?;
    let page = PageBounds::new(page)?;
    let condition = criteria.condition_in(request, organization).await?;
    let own = Tenant::of(organization)
        .find::<incident::Entity>()
        .filter(condition);
    let order = sort.order(request.domain.database());
    let find = order.cut::<_, i64>(&page, own, incident::Column::Number)?;
    Ok(page.of(find.all(request.read()).await?).map(Arc::new))
}

/// How many of the organisation's incidents are wanted.
pub async fn count(request: &Request<'_>, criteria: &IncidentCriteria) -> Result<u64, RequestError> {
    let organization = request.viewer.may(Permission::Read)?;
    let condition = criteria.condition_in(request, organization).await?;
    let wanted = Tenant::of(organization)
        .find::<incident::Entity>()
        .filter(condition);
    Ok(wanted.count(request.read()).await?)
}

/// An entry of a timeline by its id.
pub async fn find_entry(
    request: &Request<'_>,
    id: &str,
) -> Result<Option<Arc<timeline_entry::Model>>, RequestError> {
    request
        .load_owned::<TimelineEntryId, Arc<timeline_entry::Model>>(Permission::Read, id)
        .await
}

/// A page of an incident's timeline, oldest first, for whoever may see more of an incident than itself. With `changed_after` only what was
/// added, edited or retracted after that version of the incident.
pub async fn timeline(
    request: &Request<'_>,
    incident_id: IncidentId,
    page: PageRequest,
    changed_after: Option<i64>,
) -> Result<RowPage<Arc<timeline_entry::Model>>, RequestError> {
    request.viewer.may_look_around()?;
    let page = PageBounds::new(page)?;
    let (after, before) = page.bounds::<TimelinePosition>()?;
    let wanted = TimelineOf {
        incident_id,
        limit: page.limit + 1,
        after,
        before,
        from_the_end: page.from_the_end,
        changed_after,
    };
    let rows = request.loaders().load_one(wanted).await?;
    Ok(page.of(rows.unwrap_or_default()))
}
