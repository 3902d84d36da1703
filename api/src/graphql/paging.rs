//! Relay pages.

use async_graphql::connection::{Connection, Edge, EmptyFields};
use tocsin_domain::paging::{PAGE_DEFAULT, PAGE_MAX, Page, encode};

/// Makes the connection of the rows that were read: one more than the limit, from the wanted end.
pub(crate) fn connect<Row, Node, Fields>(
    page: &Page,
    mut rows: Vec<Row>,
    fields: Fields,
    key: impl Fn(&Row) -> String,
    node: impl Fn(Row) -> Node,
) -> Connection<String, Node, Fields, EmptyFields>
where
    Node: async_graphql::OutputType,
    Fields: async_graphql::ObjectType,
{
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    if page.from_the_end {
        rows.reverse();
    }
    let (previous, next) = if page.from_the_end {
        (more, page.before.is_some())
    } else {
        (page.after.is_some(), more)
    };
    let mut connection = Connection::with_additional_fields(previous, next, fields);
    connection.edges.extend(
        rows.into_iter()
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
