//! Where an event stands in its organisation's log, as callers keep it.

use std::{fmt, str::FromStr};

use tocsin_entity::id::OrganizationId;

use crate::error::Refusal;

/// The key of a cursor: the event's number, and a mark of the organisation whose log it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    seq: i64,
    /// None in cursors of the version before.
    mark: Option<String>,
}

/// The random end of the organisation's id: enough to tell a mistake.
fn mark(organization_id: OrganizationId) -> String {
    let id = organization_id.0.simple().to_string();
    id.chars().skip(24).collect()
}

impl Position {
    pub(super) fn new(organization_id: OrganizationId, seq: i64) -> Self {
        Self {
            seq,
            mark: Some(mark(organization_id)),
        }
    }

    /// The event's number.
    ///
    /// # Errors
    /// A refusal, where it stands in another organisation's log or in none.
    pub(super) fn in_log_of(&self, organization_id: OrganizationId) -> Result<i64, Refusal> {
        let own = self.mark.as_ref().is_none_or(|own| *own == mark(organization_id));
        if own && self.seq >= 0 {
            Ok(self.seq)
        } else {
            Err(Refusal::BadInput(
                "`after` is no cursor of this organisation's event log.".to_owned(),
            ))
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.mark {
            Some(mark) => write!(f, "{}.{mark}", self.seq),
            None => write!(f, "{}", self.seq),
        }
    }
}

impl FromStr for Position {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (seq, mark) = match text.split_once('.') {
            Some((seq, mark)) => (seq, Some(mark.to_owned())),
            None => (text, None),
        };
        Ok(Self {
            seq: seq.parse()?,
            mark,
        })
    }
}
