//! Times as numbers: SQLite keeps a time as text, whose fractions of a second do not sort.

use time::OffsetDateTime;

/// A time in microseconds since 1970.
pub(crate) fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}
