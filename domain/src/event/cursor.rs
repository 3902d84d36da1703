//! Where an event stands in its organisation's log, as callers keep it.
//!
//! A restored database goes on from an earlier event, so that a number comes to mean another event than the caller has seen. A cursor
//! therefore knows its event again: one that stands behind an event which is lost is refused, and nobody misses what came in its place.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};
use tocsin_entity::{event, id::OrganizationId};

use crate::{error::RequestError, moment::micros};

/// The key of a cursor: the event's number, a mark of the organisation whose log it is of, and one of the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    seq: i64,
    /// None in cursors of early versions.
    mark: Option<String>,
    /// None in cursors of the version before.
    event: Option<String>,
}

/// The random end of the organisation's id: enough to tell a mistake.
fn mark(organization_id: OrganizationId) -> String {
    let id = organization_id.0.simple().to_string();
    id.chars().skip(24).collect()
}

/// What tells an event from another one of the same number.
fn mark_of_event(event: &event::Model) -> String {
    let hash = Sha256::new()
        .chain_update(event.entry_id.0)
        .chain_update(event.incident_version.to_le_bytes())
        .chain_update(micros(event.created_at).to_le_bytes())
        .finalize();
    hex::encode(&hash[..4])
}

impl Position {
    /// Behind this event.
    pub fn of(event: &event::Model) -> Self {
        Self {
            seq: event.seq,
            mark: Some(mark(event.organization_id)),
            event: Some(mark_of_event(event)),
        }
    }

    /// The event's number.
    ///
    /// # Errors
    /// A refusal, where it stands in another organisation's log or in none.
    pub fn in_log_of(&self, organization_id: OrganizationId) -> Result<i64, RequestError> {
        let own = self.mark.as_ref().is_none_or(|own| *own == mark(organization_id));
        if own && self.seq >= 0 {
            Ok(self.seq)
        } else {
            Err(RequestError::BadInput(
                "`after` is no cursor of this organisation's event log.".to_owned(),
            ))
        }
    }

    /// Whether it stands behind this event, which has its number.
    pub fn is_of(&self, event: &event::Model) -> bool {
        self.event.as_ref().is_none_or(|own| *own == mark_of_event(event))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seq)?;
        for mark in [&self.mark, &self.event].into_iter().flatten() {
            write!(f, ".{mark}")?;
        }
        Ok(())
    }
}

impl FromStr for Position {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '.');
        let seq = parts.next().unwrap_or_default().parse()?;
        Ok(Self {
            seq,
            mark: parts.next().map(str::to_owned),
            event: parts.next().map(str::to_owned),
        })
    }
}
