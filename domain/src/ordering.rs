//! Lists in an order that a caller chooses: by a value of each row, and by the row's key where values are the same.

use sea_orm::{
    ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select, Value,
    sea_query::{Expr, ExprTrait, Func},
};
use time::OffsetDateTime;
use tocsin_database::Database;

use crate::{
    error::RequestError,
    moment,
    paging::{PageBounds, bad_cursor},
};

/// Which end of an order comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The lowest value first.
    Ascending,
    /// The highest value first.
    Descending,
}

/// By what a list is ordered.
pub(crate) struct ListOrder {
    /// What cursors of this order call it, so that none is taken for another's; none where the key alone orders.
    value: Option<OrderValue>,
    direction: Direction,
}

/// Reads the value that a cursor tells.
type CursorReader = dyn Fn(&str) -> Option<Expr> + Send + Sync;

/// A value of each row that orders a list.
struct OrderValue {
    name: &'static str,
    /// The value in SQL.
    of_row: Expr,
    /// The value that a cursor tells, in SQL; none where it tells none of this kind.
    of_cursor: Box<CursorReader>,
}

impl ListOrder {
    /// By the key alone.
    pub(crate) fn by_key(direction: Direction) -> Self {
        Self {
            value: None,
            direction,
        }
    }

    fn by(
        name: &'static str,
        of_row: Expr,
        of_cursor: impl Fn(&str) -> Option<Expr> + Send + Sync + 'static,
        direction: Direction,
    ) -> Self {
        Self {
            value: Some(OrderValue {
                name,
                of_row,
                of_cursor: Box::new(of_cursor),
            }),
            direction,
        }
    }

    /// By a text, in any case.
    pub(crate) fn by_text(name: &'static str, column: impl ColumnTrait, direction: Direction) -> Self {
        // Null where a replica of an earlier version has just written the row.
        let lower = |text: Expr| Expr::expr(Func::lower(Func::coalesce([text, Expr::val("")])));
        let of_cursor = move |text: &str| Some(lower(Expr::val(text)));
        Self::by(
            name,
            lower(Expr::col(column.as_column_ref())),
            of_cursor,
            direction,
        )
    }

    /// By a number.
    pub(crate) fn by_number(name: &'static str, number: Expr, direction: Direction) -> Self {
        let of_cursor = |text: &str| text.parse::<i64>().ok().map(Expr::val);
        Self::by(name, number, of_cursor, direction)
    }

    /// By a time, which cursors tell in microseconds.
    pub(crate) fn by_time(
        name: &'static str,
        database: &Database,
        column: impl ColumnTrait,
        direction: Direction,
    ) -> Self {
        let is_sqlite = database.is_sqlite();
        let of_cursor = move |text: &str| {
            let at = text.parse().ok().map(moment::of_micros)?;
            Some(moment::sortable(is_sqlite, Expr::val(at)))
        };
        let of_row = moment::sortable(is_sqlite, Expr::col(column));
        Self::by(name, of_row, of_cursor, direction)
    }

    /// Cuts the page out of a list whose rows have the key `column`: one row more than the limit, from the wanted end.
    ///
    /// # Errors
    /// A refusal, where a cursor is one of another list, or of another order.
    pub(crate) fn cut<E, Key>(
        &self,
        page: &PageBounds,
        find: Select<E>,
        column: E::Column,
    ) -> Result<Select<E>, RequestError>
    where
        E: EntityTrait,
        Key: std::str::FromStr + Into<Value>,
    {
        let ascends = self.direction == Direction::Ascending;
        let mut find = find.limit(page.limit + 1);
        if let Some(cursor) = &page.after {
            find = find.filter(self.beyond::<E, Key>("after", cursor, column, ascends)?);
        }
        if let Some(cursor) = &page.before {
            find = find.filter(self.beyond::<E, Key>("before", cursor, column, !ascends)?);
        }
        let order = if ascends == page.from_the_end {
            Order::Desc
        } else {
            Order::Asc
        };
        if let Some(value) = &self.value {
            find = find.order_by(value.of_row.clone(), order.clone());
        }
        Ok(find.order_by(column, order))
    }

    /// The rows that come after a cursor's in the ascending order, or before it.
    fn beyond<E, Key>(
        &self,
        argument: &str,
        cursor: &str,
        column: E::Column,
        above: bool,
    ) -> Result<Condition, RequestError>
    where
        E: EntityTrait,
        Key: std::str::FromStr + Into<Value>,
    {
        let no_cursor = || bad_cursor(argument);
        let key = |text: &str| text.parse::<Key>().map_err(|_| no_cursor());
        let by_key = |key: Key| if above { column.gt(key) } else { column.lt(key) };
        let Some(value) = &self.value else {
            return Ok(Condition::all().add(by_key(key(cursor)?)));
        };
        let (name, rest) = cursor.split_once(':').ok_or_else(no_cursor)?;
        let (said, last) = rest.rsplit_once(':').ok_or_else(no_cursor)?;
        let bound = (value.of_cursor)(said)
            .filter(|_| name == value.name)
            .ok_or_else(no_cursor)?;
        let of_row = || value.of_row.clone();
        let further = if above {
            of_row().gt(bound.clone())
        } else {
            of_row().lt(bound.clone())
        };
        let same = Condition::all().add(of_row().eq(bound)).add(by_key(key(last)?));
        Ok(Condition::any().add(further).add(same))
    }
}

/// A row's cursor in an order by a value.
pub(crate) fn cursor(name: &str, value: impl std::fmt::Display, key: impl std::fmt::Display) -> String {
    format!("{name}:{value}:{key}")
}

/// A row's cursor in an order by a time.
pub(crate) fn time_cursor(name: &str, at: OffsetDateTime, key: impl std::fmt::Display) -> String {
    cursor(name, moment::micros(at), key)
}
