//! Times as numbers: SQLite keeps a time as text, whose fractions of a second do not sort.

use sea_orm::sea_query::{Expr, Func};
use time::{Duration, OffsetDateTime};

/// A time in microseconds since 1970.
pub(crate) fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

/// The time of so many microseconds since 1970.
pub fn of_micros(micros: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH.saturating_add(Duration::microseconds(micros))
}

/// A time in SQL as it sorts and compares. `SQLite` has the text `2026-11-30T21:00:00.1Z`, whose `Z` comes after every digit and after the dot.
pub(crate) fn sortable(is_sqlite: bool, time: Expr) -> Expr {
    if is_sqlite {
        Expr::expr(Func::cust("rtrim").arg(time).arg("Z"))
    } else {
        time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_what_it_was_when_it_is_read_again() {
        for micros_since in [-1, 0, 1, 1_795_960_000_123_456, i64::MAX, i64::MIN] {
            let at = of_micros(micros_since);
            assert!(micros(at) == micros_since || at.year().abs() == 9_999, "{at}");
        }
    }
}
