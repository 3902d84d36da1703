//! Reading the members of an organisation.

use std::sync::Arc;

use sea_orm::{ColumnTrait, Condition, QueryFilter};
use tocsin_entity::{
    id::UserId,
    kinds::Role,
    membership::{Column, Entity},
};

use crate::{
    error::RequestError,
    loaders::MemberRow,
    paging::{PageBounds, PageRequest, RowPage},
    request::Request,
    search,
    viewer::Permission,
};

/// Which members are wanted.
#[derive(Debug, Default)]
pub struct UserCriteria {
    /// The one with this e-mail address.
    pub email: Option<String>,
    /// Those whose name or e-mail address contains this, in any case.
    pub search: Option<String>,
    /// Those who may do something, or those who were deactivated.
    pub is_active: Option<bool>,
    /// Those in one of these roles.
    pub role: Option<Vec<Role>>,
}

impl UserCriteria {
    fn condition(self) -> Result<Condition, RequestError> {
        let mut all = Condition::all();
        if let Some(email) = self.email {
            all = all.add(Column::Email.eq(email.trim().to_lowercase()));
        }
        if let Some(text) = self.search {
            let named = search::contains(Column::Name, &text)?;
            all = all.add(named.add(search::contains(Column::Email, &text)?));
        }
        if let Some(is_active) = self.is_active {
            all = all.add(if is_active {
                Column::DeactivatedAt.is_null()
            } else {
                Column::DeactivatedAt.is_not_null()
            });
        }
        if let Some(roles) = self.role {
            all = all.add(Column::Role.is_in(roles));
        }
        Ok(all)
    }
}

/// A page of the organisation's members, oldest first.
pub async fn list(
    request: &Request<'_>,
    criteria: UserCriteria,
    page: PageRequest,
) -> Result<RowPage<Arc<MemberRow>>, RequestError> {
    let tenant = request.tenant(Permission::Read)?;
    let page = PageBounds::new(page)?;
    let own = tenant.find::<Entity>().filter(criteria.condition()?);
    let find = page.cut::<_, UserId>(own, Column::UserId)?;
    let rows = find.all(request.read()).await?;
    Ok(page.of(rows).map(|row| Arc::new(row.into())))
}
