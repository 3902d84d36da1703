//! Reading services.

use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, Select};
use tocsin_entity::{
    id::ServiceId,
    service::{Column, Entity, Model},
};

use crate::{
    error::RequestError,
    ordering::{Direction, ListOrder, cursor},
    paging::{PageBounds, PageRequest, RowPage},
    request::Request,
    search,
    viewer::Permission,
};

/// A service by its id.
pub async fn find(request: &Request<'_>, id: &str) -> Result<Option<Model>, RequestError> {
    request.load_owned::<ServiceId, Model>(Permission::Read, id).await
}

/// Which services are wanted: those for which all that is given holds.
#[derive(Debug, Clone, Default)]
pub struct ServiceCriteria {
    /// Those whose name contains this, in any case.
    pub search: Option<String>,
    /// Those that are archived, or those that are not.
    pub is_archived: Option<bool>,
}

/// By what services are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceOrderField {
    /// By when they were created.
    CreatedAt,
    /// By name, in any case.
    Name,
}

/// In which order services are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceSort {
    /// By what.
    pub field: ServiceOrderField,
    /// Which end comes first.
    pub direction: Direction,
}

impl ServiceSort {
    fn order(self) -> ListOrder {
        match self.field {
            ServiceOrderField::CreatedAt => ListOrder::by_key(self.direction),
            ServiceOrderField::Name => ListOrder::by_text("name", Column::Name, self.direction),
        }
    }

    /// What the cursor of a service says in this order.
    pub fn cursor(self, service: &Model) -> String {
        match self.field {
            ServiceOrderField::CreatedAt => service.id.to_string(),
            ServiceOrderField::Name => cursor("name", &service.name, service.id),
        }
    }
}

fn wanted(request: &Request<'_>, criteria: &ServiceCriteria) -> Result<Select<Entity>, RequestError> {
    let mut own = request.tenant(Permission::Read)?.find::<Entity>();
    if let Some(text) = &criteria.search {
        own = own.filter(search::contains(Column::Name, text)?);
    }
    if let Some(is_archived) = criteria.is_archived {
        own = own.filter(if is_archived {
            Column::ArchivedAt.is_not_null()
        } else {
            Column::ArchivedAt.is_null()
        });
    }
    Ok(own)
}

/// A page of the organisation's services.
pub async fn list(
    request: &Request<'_>,
    criteria: &ServiceCriteria,
    sort: ServiceSort,
    page: PageRequest,
) -> Result<RowPage<Model>, RequestError> {
    let own = wanted(request, criteria)?;
    let page = PageBounds::new(page)?;
    let find = sort.order().cut::<_, ServiceId>(&page, own, Column::Id)?;
    Ok(page.of(find.all(request.read()).await?))
}

/// How many of the organisation's services are wanted.
pub async fn count(request: &Request<'_>, criteria: &ServiceCriteria) -> Result<u64, RequestError> {
    Ok(wanted(request, criteria)?.count(request.read()).await?)
}
