//! Relay pages.

use std::sync::Arc;

use async_graphql::{
    Context, Object,
    connection::{Connection, Edge, EmptyFields},
};
use futures::future::BoxFuture;
use tocsin_domain::{
    error::RequestError,
    paging::{PAGE_DEFAULT, PAGE_MAX, RowPage, encode},
    request::Request,
};

use super::{context::request, failure::Result};
use crate::http::cost::of_list;

/// What a count costs in the complexity of a query: as much as a page of what it counts.
const COUNT_WEIGHT: usize = 25;

type Count = dyn for<'a> Fn(Request<'a>) -> BoxFuture<'a, Result<u64, RequestError>> + Send + Sync;

/// The number of nodes in a list.
pub(crate) struct TotalCount(Box<Count>);

impl TotalCount {
    /// The count of a list of what meets these criteria.
    pub(crate) fn of<Criteria, F>(criteria: Criteria, count: F) -> Self
    where
        Criteria: Send + Sync + 'static,
        F: for<'a> Fn(Request<'a>, Arc<Criteria>) -> BoxFuture<'a, Result<u64, RequestError>>
            + Send
            + Sync
            + 'static,
    {
        let criteria = Arc::new(criteria);
        Self(Box::new(move |request| count(request, Arc::clone(&criteria))))
    }
}

/// The number of nodes in a list.
#[Object]
impl TotalCount {
    /// The number of nodes on all pages of the list together. The server counts the nodes only if you ask for this field.
    #[graphql(complexity = "COUNT_WEIGHT")]
    async fn total_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok((self.0)(request(ctx)).await?)
    }
}

/// Makes the connection of a page: each row becomes a node, whose cursor is the row's key.
pub(crate) fn connect<Row, Node, Fields>(
    page: RowPage<Row>,
    fields: Fields,
    key: impl Fn(&Row) -> String,
    node: impl Fn(Row) -> Node,
) -> Connection<String, Node, Fields, EmptyFields>
where
    Node: async_graphql::OutputType,
    Fields: async_graphql::ObjectType,
{
    let mut connection = Connection::with_additional_fields(page.has_previous, page.has_next, fields);
    connection.edges.extend(
        page.rows
            .into_iter()
            .map(|row| Edge::new(encode(&key(&row)), node(row))),
    );
    connection
}

/// What a page costs in the complexity of a query.
pub(crate) fn weight(field: &'static str, first: Option<i32>, last: Option<i32>, child: usize) -> usize {
    let nodes = first.or(last).unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX);
    of_list(field, usize::try_from(nodes).unwrap_or(1), child)
}
