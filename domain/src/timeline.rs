//! Where an entry stands in an incident's timeline.

use std::{fmt, str::FromStr};

use tocsin_entity::timeline_entry;

/// An entry's place in its timeline, which never changes: it is what the cursors of a timeline say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimelinePosition {
    /// In microseconds since 1970.
    pub occurred_at: i64,
    /// Of those that happened at the same moment, the order in which they were written down.
    pub version: i64,
}

impl TimelinePosition {
    /// Where an entry stands.
    pub fn of(row: &timeline_entry::Model) -> Self {
        Self {
            occurred_at: row.occurred_at,
            version: row.version,
        }
    }
}

impl fmt::Display for TimelinePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.occurred_at, self.version)
    }
}

impl FromStr for TimelinePosition {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        let (occurred_at, version) = text.split_once('/').ok_or(InvalidPosition)?;
        Ok(Self {
            occurred_at: occurred_at.parse().map_err(|_| InvalidPosition)?,
            version: version.parse().map_err(|_| InvalidPosition)?,
        })
    }
}

/// A cursor that is of another list.
#[derive(Debug, thiserror::Error)]
#[error("not a place in a timeline")]
pub struct InvalidPosition;
