//! The queries for incidents.

use async_graphql::{
    Context, ID, Object,
    connection::{Connection, EmptyFields},
};
use futures::FutureExt;
use tocsin_domain::{error::RequestError, incident::IncidentCriteria, paging::PageRequest};

use super::{
    filter::{IncidentFilter, IncidentOrder, sort},
    types::{Incident, find},
};
use crate::graphql::{
    context::request,
    failure::Result,
    paging::{TotalCount, connect},
};

/// A page of incidents.
pub(crate) type IncidentPage = Connection<String, Incident, TotalCount, EmptyFields>;

/// A page of the incidents that are wanted.
pub(crate) async fn list(
    ctx: &Context<'_>,
    criteria: IncidentCriteria,
    order_by: Option<IncidentOrder>,
    page: PageRequest,
) -> Result<IncidentPage> {
    let sort = sort(order_by);
    let page = tocsin_domain::incident::list(&request(ctx), &criteria, sort, page).await?;
    let total = TotalCount::of(criteria, |request, criteria| {
        async move { tocsin_domain::incident::count(&request, &criteria).await }.boxed()
    });
    Ok(connect(page, total, |row| sort.cursor(row), Incident))
}

/// The queries for incidents.
#[derive(Default)]
pub(crate) struct IncidentQuery;

#[Object]
impl IncidentQuery {
    /// The incident with this id, or with this number in the viewer's organisation; null if no such incident exists. Give either `id` or `number`.
    async fn incident(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id of the incident.")] id: Option<ID>,
        #[graphql(desc = "The number of the incident, without the hash.")] number: Option<i64>,
    ) -> Result<Option<Incident>> {
        match (id, number) {
            (Some(id), None) => find(ctx, &id).await,
            (None, Some(number)) => {
                let found = tocsin_domain::incident::find_by_number(&request(ctx), number).await?;
                Ok(found.map(Incident))
            }
            (Some(_), Some(_)) | (None, None) => {
                Err(RequestError::BadInput("Give `id` or `number`: one of the two.".to_owned()).into())
            }
        }
    }

    /// The incidents of the viewer's organisation, newest first by default.
    #[graphql(complexity = "crate::graphql::paging::weight(\"incidents\", first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "Relay's own")]
    async fn incidents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which incidents to return; all by default.")] filter: Option<IncidentFilter>,
        #[graphql(desc = "The order of the list; newest first by default.")] order_by: Option<IncidentOrder>,
        #[graphql(desc = "How many nodes to return from the start of the list; 25 by default, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Returns only nodes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many nodes to return from the end of the list; 100 at most.")] last: Option<
            i32,
        >,
        #[graphql(desc = "Returns only nodes before this cursor.")] before: Option<String>,
    ) -> Result<IncidentPage> {
        let page = PageRequest {
            first,
            after,
            last,
            before,
        };
        let criteria = filter.unwrap_or_default().criteria(ctx)?;
        list(ctx, criteria, order_by, page).await
    }
}
