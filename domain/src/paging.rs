//! Pages of lists: at most a hundred nodes, after or before a cursor, by a key that never changes.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Value};

use crate::error::RequestError;

/// Most nodes on a page.
pub const PAGE_MAX: i32 = 100;

/// Nodes on a page where none is asked for.
pub const PAGE_DEFAULT: i32 = 25;

/// The arguments of a connection, as a caller gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// How many nodes, from the start.
    pub first: Option<i32>,
    /// Only what comes after this cursor.
    pub after: Option<String>,
    /// How many nodes, from the end.
    pub last: Option<i32>,
    /// Only what comes before this cursor.
    pub before: Option<String>,
}

/// The rows of a page, in the list's order, and whether there are more on either side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPage<Row> {
    /// The rows.
    pub rows: Vec<Row>,
    /// Whether rows come before them.
    pub has_previous: bool,
    /// Whether rows come after them.
    pub has_next: bool,
}

impl<Row> RowPage<Row> {
    /// The same page of something else that each row stands for.
    pub(crate) fn map<Other>(self, other: impl FnMut(Row) -> Other) -> RowPage<Other> {
        RowPage {
            rows: self.rows.into_iter().map(other).collect(),
            has_previous: self.has_previous,
            has_next: self.has_next,
        }
    }
}

/// The arguments of a page, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageBounds {
    /// How many nodes.
    pub(crate) limit: u64,
    /// Only what comes after this key, in the list's order.
    pub(crate) after: Option<String>,
    /// Only what comes before it.
    pub(crate) before: Option<String>,
    /// Whether the last ones are wanted, not the first.
    pub(crate) from_the_end: bool,
}

impl PageBounds {
    /// Checks the arguments of a connection.
    ///
    /// # Errors
    /// A refusal that names the argument.
    pub(crate) fn new(asked: PageRequest) -> Result<Self, RequestError> {
        let PageRequest {
            first,
            after,
            last,
            before,
        } = asked;
        let bounded = |name: &str, count: i32| {
            if (0..=PAGE_MAX).contains(&count) {
                Ok(u64::from(count.unsigned_abs()))
            } else {
                Err(RequestError::BadInput(format!(
                    "`{name}` must be from 0 to {PAGE_MAX}, and is {count}."
                )))
            }
        };
        let (limit, from_the_end) = match (first, last) {
            (Some(_), Some(_)) => {
                return Err(RequestError::BadInput(
                    "Give `first` or `last`, not both.".to_owned(),
                ));
            }
            (None, Some(last)) => (bounded("last", last)?, true),
            (first, None) => (bounded("first", first.unwrap_or(PAGE_DEFAULT))?, false),
        };
        Ok(Self {
            limit,
            after: after.map(|cursor| decode("after", &cursor)).transpose()?,
            before: before.map(|cursor| decode("before", &cursor)).transpose()?,
            from_the_end,
        })
    }
}

/// A key as a cursor.
pub fn encode(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

fn decode(argument: &str, cursor: &str) -> Result<String, RequestError> {
    URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| bad_cursor(argument))
}

/// What a caller is told of a cursor that is none.
pub(crate) fn bad_cursor(argument: &str) -> RequestError {
    RequestError::BadInput(format!(
        "`{argument}` is not a cursor of this list: use one that the list gave you."
    ))
}

impl PageBounds {
    /// The keys as values of another type, such as a number or an id.
    ///
    /// # Errors
    /// A refusal, where a cursor is one of another list.
    pub(crate) fn bounds<T: std::str::FromStr>(&self) -> Result<(Option<T>, Option<T>), RequestError> {
        let parse = |argument: &str, key: &Option<String>| {
            key.as_deref()
                .map(|key| key.parse().map_err(|_| bad_cursor(argument)))
                .transpose()
        };
        Ok((parse("after", &self.after)?, parse("before", &self.before)?))
    }
}

impl PageBounds {
    /// Cuts the page out of a list that is ordered by `column`, whose values are the cursors' keys: one row more than the limit,
    /// from the wanted end.
    ///
    /// # Errors
    /// A refusal, where a cursor is one of another list.
    pub(crate) fn cut<E, Key>(&self, find: Select<E>, column: E::Column) -> Result<Select<E>, RequestError>
    where
        E: EntityTrait,
        Key: std::str::FromStr + Into<Value>,
    {
        let (after, before) = self.bounds::<Key>()?;
        let mut find = find.limit(self.limit + 1);
        if let Some(after) = after {
            find = find.filter(column.gt(after));
        }
        if let Some(before) = before {
            find = find.filter(column.lt(before));
        }
        Ok(if self.from_the_end {
            find.order_by_desc(column)
        } else {
            find.order_by_asc(column)
        })
    }
}

impl PageBounds {
    /// Makes the page of the rows that were read: one more than the limit, from the wanted end.
    pub(crate) fn of<Row>(&self, mut rows: Vec<Row>) -> RowPage<Row> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        if self.from_the_end {
            rows.reverse();
        }
        let (has_previous, has_next) = if self.from_the_end {
            (more, self.before.is_some())
        } else {
            (self.after.is_some(), more)
        };
        RowPage {
            rows,
            has_previous,
            has_next,
        }
    }
}
