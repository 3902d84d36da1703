//! A stretch of time that a list is filtered by.

use sea_orm::{
    ColumnTrait, Condition,
    sea_query::{Expr, ExprTrait},
};
use time::OffsetDateTime;
use tocsin_database::Database;

use crate::{limits, moment};

/// A stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimeRange {
    /// When it begins; without a beginning where there is none.
    pub from: Option<OffsetDateTime>,
    /// Before when it ends; without an end where there is none.
    pub to: Option<OffsetDateTime>,
}

impl TimeRange {
    /// Whether a column's time is within it, as a condition of a query.
    pub(crate) fn condition(self, database: &Database, column: impl ColumnTrait) -> Condition {
        let sortable = |time: Expr| moment::sortable(database.is_sqlite(), time);
        let bound = |time: OffsetDateTime| sortable(Expr::val(limits::time(time)));
        Condition::all()
            .add_option(
                self.from
                    .map(|from| sortable(Expr::col(column.as_column_ref())).gte(bound(from))),
            )
            .add_option(
                self.to
                    .map(|to| sortable(Expr::col(column.as_column_ref())).lt(bound(to))),
            )
    }

    /// Whether a time is within it.
    pub(crate) fn contains(self, time: OffsetDateTime) -> bool {
        self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time < to)
    }
}
