//! Reading post-mortems. Stakeholders read those that are published.

use sea_orm::{ColumnTrait, QueryFilter};
use tocsin_entity::{
    id::{IncidentId, PostmortemId},
    incident,
    kinds::PostmortemStatus,
    postmortem::{Column, Entity, Model},
};

use crate::{
    error::RequestError,
    loaders::PostmortemOf,
    paging::{PageBounds, PageRequest, RowPage},
    request::Request,
    viewer::Permission,
};

/// A post-mortem by its id.
pub async fn find(request: &Request<'_>, id: &str) -> Result<Option<Model>, RequestError> {
    let found = request
        .load_owned::<PostmortemId, Model>(Permission::Read, id)
        .await?;
    Ok(found.filter(|found| is_visible(request, found)))
}

/// The post-mortem of the organisation's incident of this number.
pub async fn find_by_incident_number(
    request: &Request<'_>,
    number: i64,
) -> Result<Option<Model>, RequestError> {
    let incident = request
        .tenant(Permission::Read)?
        .find::<incident::Entity>()
        .filter(incident::Column::Number.eq(number))
        .one(request.read())
        .await?;
    let Some(incident) = incident else { return Ok(None) };
    visible_of(request, incident.id).await
}

/// The post-mortem of an incident, for whoever may see more of the incident than itself.
pub async fn of_incident(request: &Request<'_>, id: IncidentId) -> Result<Option<Model>, RequestError> {
    request.viewer.may_look_around()?;
    visible_of(request, id).await
}

/// A page of the organisation's post-mortems, oldest first.
pub async fn list(request: &Request<'_>, page: PageRequest) -> Result<RowPage<Model>, RequestError> {
    let tenant = request.tenant(Permission::Read)?;
    let page = PageBounds::new(page)?;
    let mut own = tenant.find::<Entity>();
    if !request.viewer.reads_drafts() {
        own = own.filter(Column::Status.eq(PostmortemStatus::Published));
    }
    let find = page.cut::<_, PostmortemId>(own, Column::Id)?;
    Ok(page.of(find.all(request.read()).await?))
}

async fn visible_of(request: &Request<'_>, id: IncidentId) -> Result<Option<Model>, RequestError> {
    let found = request.loaders().load_one(PostmortemOf(id)).await?;
    Ok(found.filter(|found| is_visible(request, found)))
}

/// Whether the viewer may read it: stakeholders read what is published.
fn is_visible(request: &Request<'_>, found: &Model) -> bool {
    found.status == PostmortemStatus::Published || request.viewer.reads_drafts()
}
