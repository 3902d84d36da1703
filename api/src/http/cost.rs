//! What a query costs: each field one, those in lists as often as the list may be long; and which list costs most.

use std::cell::Cell;

/// Most that a query may cost.
pub(super) const COST_MAX: usize = 20_000;

/// What a list costs in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListCost {
    /// The list's field.
    pub(super) field: &'static str,
    /// What it costs, with all that is asked of its nodes.
    pub(super) cost: usize,
}

tokio::task_local! {
    /// The list that costs most, of the query whose cost is counted.
    static DEAREST: Cell<Option<ListCost>>;
}

/// What a list costs that has so many nodes at most, of each of which so much is asked.
pub(crate) fn of_list(field: &'static str, nodes: usize, of_node: usize) -> usize {
    let cost = of_node.saturating_mul(nodes).saturating_add(1);
    // Outside of a request the schema is only written down.
    let _outside = DEAREST.try_with(|dearest| {
        if dearest.get().is_none_or(|known| known.cost < cost) {
            dearest.set(Some(ListCost { field, cost }));
        }
    });
    cost
}

/// Counts the cost of a query while `work` is done. A list costs more than those within it, so that the dearest is one of the outermost.
pub(super) async fn counted<T>(work: impl Future<Output = T>) -> (T, Option<ListCost>) {
    let counted = async { (work.await, DEAREST.with(Cell::get)) };
    DEAREST.scope(Cell::new(None), counted).await
}

/// What a caller is told whose query costs too much.
pub(super) fn too_much(cost: usize, dearest: Option<ListCost>) -> String {
    let told = format!("Query is too complex: its cost is {cost}, and {COST_MAX} is allowed.");
    match dearest {
        Some(list) => format!(
            "{told} `{}` costs most: {}. Ask for fewer nodes with `first`, or for less of each node.",
            list.field, list.cost
        ),
        None => format!("{told} Ask for fewer fields."),
    }
}
