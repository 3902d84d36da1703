//! Reading the members of an organisation.

use std::sync::Arc;

use sea_orm::{ColumnTrait, Condition, PaginatorTrait, QueryFilter, Select};
use tocsin_entity::{
    id::UserId,
    kinds::Role,
    membership::{Column, Entity, Model},
};

use crate::{
    error::RequestError,
    loaders::MemberRow,
    ordering::{Direction, ListOrder, cursor, time_cursor},
    paging::{PageBounds, PageRequest, RowPage},
    request::Request,
    search,
    viewer::Permission,
};

/// Which members are wanted.
#[derive(Debug, Clone, Default)]
pub struct UserCriteria {
    /// The one with this e-mail address.
    pub email: Option<String>,
    /// Those whose name or e-mail address contains this, in any case.
    pub search: Option<String>,
    /// Those who may do something, or those who were deactivated.
    pub active: Option<bool>,
    /// Those in one of these roles.
    pub roles: Option<Vec<Role>>,
}

impl UserCriteria {
    fn condition(&self) -> Result<Condition, RequestError> {
        let mut all = Condition::all();
        if let Some(email) = &self.email {
            all = all.add(Column::Email.eq(tocsin_slack_app::email::fold(email)));
        }
        if let Some(text) = &self.search {
            let named = search::contains(Column::Name, text)?;
            all = all.add(named.add(search::contains(Column::Email, text)?));
        }
        if let Some(active) = self.active {
            all = all.add(if active {
                Column::DeactivatedAt.is_null()
            } else {
                Column::DeactivatedAt.is_not_null()
            });
        }
        if let Some(roles) = &self.roles {
            all = all.add(Column::Role.is_in(roles.iter().copied()));
        }
        Ok(all)
    }
}

/// By what members are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserOrderField {
    /// By when the person became known to the server.
    Id,
    /// By when they joined the organisation.
    CreatedAt,
    /// By name, in any case.
    Name,
    /// By e-mail address.
    Email,
}

/// In which order members are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserSort {
    /// By what.
    pub field: UserOrderField,
    /// Which end comes first.
    pub direction: Direction,
}

impl UserSort {
    fn order(self, request: &Request<'_>) -> ListOrder {
        let by_text = |name, column: Column| ListOrder::by_text(name, column, self.direction);
        match self.field {
            UserOrderField::Id => ListOrder::by_key(self.direction),
            UserOrderField::CreatedAt => ListOrder::by_time(
                "createdAt",
                request.domain.database(),
                Column::CreatedAt,
                self.direction,
            ),
            UserOrderField::Name => by_text("name", Column::Name),
            UserOrderField::Email => by_text("email", Column::Email),
        }
    }

    /// What the cursor of a member says in this order.
    pub fn cursor(self, member: &MemberRow) -> String {
        let key = member.user_id;
        match self.field {
            UserOrderField::Id => key.to_string(),
            UserOrderField::CreatedAt => time_cursor("createdAt", member.created_at, key),
            UserOrderField::Name => cursor("name", &member.name, key),
            UserOrderField::Email => cursor("email", &member.email, key),
        }
    }
}

fn wanted(request: &Request<'_>, criteria: &UserCriteria) -> Result<Select<Entity>, RequestError> {
    let tenant = request.tenant(Permission::Read)?;
    Ok(tenant.find::<Entity>().filter(criteria.condition()?))
}

/// A page of the organisation's members.
pub async fn list(
    request: &Request<'_>,
    criteria: &UserCriteria,
    sort: UserSort,
    page: PageRequest,
) -> Result<RowPage<Arc<MemberRow>>, RequestError> {
    let own = wanted(request, criteria)?;
    let page = PageBounds::new(page)?;
    let find = sort.order(request).cut::<_, UserId>(&page, own, Column::UserId)?;
    let rows: Vec<Model> = find.all(request.read()).await?;
    Ok(page.of(rows).map(|row| Arc::new(row.into())))
}

/// How many of the organisation's members are wanted.
pub async fn count(request: &Request<'_>, criteria: &UserCriteria) -> Result<u64, RequestError> {
    Ok(wanted(request, criteria)?.count(request.read()).await?)
}
