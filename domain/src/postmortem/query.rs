//! Reading post-mortems. Stakeholders read those that are published.

use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, Select};
use tocsin_entity::{
    id::{IncidentId, PostmortemId},
    incident,
    kinds::PostmortemStatus,
    postmortem::{Column, Entity, Model},
};

use crate::{
    error::RequestError,
    loaders::PostmortemOf,
    ordering::{Direction, ListOrder, cursor, time_cursor},
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

/// By what post-mortems are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostmortemOrderField {
    /// By when they were drafted.
    CreatedAt,
    /// By when they last changed.
    UpdatedAt,
    /// By title, in any case.
    Title,
}

/// In which order post-mortems are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostmortemSort {
    /// By what.
    pub field: PostmortemOrderField,
    /// Which end comes first.
    pub direction: Direction,
}

impl PostmortemSort {
    fn order(self, request: &Request<'_>) -> ListOrder {
        match self.field {
            PostmortemOrderField::CreatedAt => ListOrder::by_key(self.direction),
            PostmortemOrderField::UpdatedAt => ListOrder::by_time(
                "updatedAt",
                request.domain.database(),
                Column::UpdatedAt,
                self.direction,
            ),
            PostmortemOrderField::Title => ListOrder::by_text("title", Column::Title, self.direction),
        }
    }

    /// What the cursor of a post-mortem says in this order.
    pub fn cursor(self, row: &Model) -> String {
        match self.field {
            PostmortemOrderField::CreatedAt => row.id.to_string(),
            PostmortemOrderField::UpdatedAt => time_cursor("updatedAt", row.updated_at, row.id),
            PostmortemOrderField::Title => cursor("title", &row.title, row.id),
        }
    }
}

/// The organisation's post-mortems that the viewer may read.
fn readable(request: &Request<'_>) -> Result<Select<Entity>, RequestError> {
    let own = request.tenant(Permission::Read)?.find::<Entity>();
    Ok(if request.viewer.reads_drafts() {
        own
    } else {
        own.filter(Column::Status.eq(PostmortemStatus::Published))
    })
}

/// A page of the organisation's post-mortems.
pub async fn list(
    request: &Request<'_>,
    sort: PostmortemSort,
    page: PageRequest,
) -> Result<RowPage<Model>, RequestError> {
    let own = readable(request)?;
    let page = PageBounds::new(page)?;
    let find = sort
        .order(request)
        .cut::<_, PostmortemId>(&page, own, Column::Id)?;
    Ok(page.of(find.all(request.read()).await?))
}

/// How many post-mortems of the organisation the viewer may read.
pub async fn count(request: &Request<'_>) -> Result<u64, RequestError> {
    Ok(readable(request)?.count(request.read()).await?)
}

async fn visible_of(request: &Request<'_>, id: IncidentId) -> Result<Option<Model>, RequestError> {
    let found = request.loaders().load_one(PostmortemOf(id)).await?;
    Ok(found.filter(|found| is_visible(request, found)))
}

/// Whether the viewer may read it: stakeholders read what is published.
fn is_visible(request: &Request<'_>, found: &Model) -> bool {
    found.status == PostmortemStatus::Published || request.viewer.reads_drafts()
}
