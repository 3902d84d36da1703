//! The queries for services.

use async_graphql::{
    Context, Enum, InputObject, MaybeUndefined, Object,
    connection::{Connection, EmptyFields},
};
use futures::FutureExt;
use tocsin_domain::{
    paging::PageRequest,
    service::{self, ServiceCriteria, ServiceSort},
};

use super::types::Service;
use crate::graphql::{
    conditions::Conditions,
    context::request,
    failure::Result,
    ordering::OrderDirection,
    paging::{TotalCount, connect},
};

/// A service that the viewer may read.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<Service>> {
    let found = service::find(&request(ctx), id).await?;
    Ok(found.map(Service))
}

/// Which services you want: the services that meet every condition. To leave out a condition, leave out the field: null is refused.
#[derive(Debug, Default, InputObject)]
pub(crate) struct ServiceFilter {
    /// Services with this text in the name, in any case; at most 200 characters.
    search: MaybeUndefined<String>,
    /// Whether the services are archived (`true`) or not (`false`).
    is_archived: MaybeUndefined<bool>,
}

impl ServiceFilter {
    fn criteria(self, ctx: &Context<'_>) -> Result<ServiceCriteria> {
        let conditions = Conditions::of(ctx);
        Ok(ServiceCriteria {
            search: conditions.given("search", self.search)?,
            is_archived: conditions.given("isArchived", self.is_archived)?,
        })
    }
}

/// The order of a list of services.
#[derive(Debug, Clone, Copy, InputObject)]
pub(crate) struct ServiceOrder {
    /// The value that orders the services.
    field: ServiceOrderField,
    /// Which end of the order comes first.
    direction: OrderDirection,
}

/// The values that can order a list of services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "service::ServiceOrderField")]
pub(crate) enum ServiceOrderField {
    /// The time when the service was created.
    CreatedAt,
    /// The name of the service, in any case.
    Name,
}

/// The order that is asked for; the oldest first where none is.
fn sort(order: Option<ServiceOrder>) -> ServiceSort {
    let order = order.unwrap_or(ServiceOrder {
        field: ServiceOrderField::CreatedAt,
        direction: OrderDirection::Ascending,
    });
    ServiceSort {
        field: order.field.into(),
        direction: order.direction.into(),
    }
}

/// A page of services.
pub(crate) type ServicePage = Connection<String, Service, TotalCount, EmptyFields>;

/// A page of the services that are wanted.
pub(crate) async fn list(
    ctx: &Context<'_>,
    filter: Option<ServiceFilter>,
    order_by: Option<ServiceOrder>,
    page: PageRequest,
) -> Result<ServicePage> {
    let criteria = filter.unwrap_or_default().criteria(ctx)?;
    let sort = sort(order_by);
    let page = service::list(&request(ctx), &criteria, sort, page).await?;
    let total = TotalCount::of(criteria, |request, criteria| {
        async move { service::count(&request, &criteria).await }.boxed()
    });
    Ok(connect(page, total, |row| sort.cursor(row), Service))
}

/// The queries for services.
#[derive(Default)]
pub(crate) struct ServiceQuery;

#[Object]
impl ServiceQuery {
    /// The services of the viewer's organisation, oldest first by default, including archived services.
    #[graphql(complexity = "crate::graphql::paging::weight(\"services\", first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "Relay's own")]
    async fn services(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which services to return; all by default.")] filter: Option<ServiceFilter>,
        #[graphql(desc = "The order of the list; oldest first by default.")] order_by: Option<ServiceOrder>,
        #[graphql(desc = "How many nodes to return from the start of the list; 25 by default, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Returns only nodes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many nodes to return from the end of the list; 100 at most.")] last: Option<
            i32,
        >,
        #[graphql(desc = "Returns only nodes before this cursor.")] before: Option<String>,
    ) -> Result<ServicePage> {
        let page = PageRequest {
            first,
            after,
            last,
            before,
        };
        list(ctx, filter, order_by, page).await
    }
}
