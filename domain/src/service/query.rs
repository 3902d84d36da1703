//! Reading services.

use sea_orm::QueryFilter;
use tocsin_entity::{
    id::ServiceId,
    service::{Column, Entity, Model},
};

use crate::{
    error::RequestError,
    paging::{PageBounds, PageRequest, RowPage},
    request::Request,
    search,
    viewer::Permission,
};

/// A service by its id.
pub async fn find(request: &Request<'_>, id: &str) -> Result<Option<Model>, RequestError> {
    request.load_owned::<ServiceId, Model>(Permission::Read, id).await
}

/// A page of the organisation's services, oldest first; of those whose name contains a text, in any case, where one is searched for.
pub async fn list(
    request: &Request<'_>,
    searched: Option<String>,
    page: PageRequest,
) -> Result<RowPage<Model>, RequestError> {
    let tenant = request.tenant(Permission::Read)?;
    let page = PageBounds::new(page)?;
    let mut own = tenant.find::<Entity>();
    if let Some(text) = searched {
        own = own.filter(search::contains(Column::Name, &text)?);
    }
    let find = page.cut::<_, ServiceId>(own, Column::Id)?;
    Ok(page.of(find.all(request.read()).await?))
}
