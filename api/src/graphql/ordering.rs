//! In which order lists are shown.

use async_graphql::Enum;
use tocsin_domain::ordering::Direction;

/// The direction of an order: which end comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum OrderDirection {
    /// The lowest value, the earliest time or the first letter comes first.
    #[graphql(name = "ASC")]
    Ascending,
    /// The highest value, the latest time or the last letter comes first.
    #[graphql(name = "DESC")]
    Descending,
}

impl From<OrderDirection> for Direction {
    fn from(direction: OrderDirection) -> Self {
        match direction {
            OrderDirection::Ascending => Self::Ascending,
            OrderDirection::Descending => Self::Descending,
        }
    }
}
