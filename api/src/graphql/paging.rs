//! Relay pages.

use async_graphql::connection::{Connection, Edge, EmptyFields};
use tocsin_domain::paging::{PAGE_DEFAULT, PAGE_MAX, RowPage, encode};

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
pub(crate) fn weight(first: Option<i32>, last: Option<i32>, child: usize) -> usize {
    let nodes = first.or(last).unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX);
    child
        .saturating_mul(usize::try_from(nodes).unwrap_or(1))
        .saturating_add(1)
}
