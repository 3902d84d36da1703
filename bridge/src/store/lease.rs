//! Claims that this process holds, kept alive while it works.
//!
//! A claim is short, so that the work of a worker that died is taken up soon, and is prolonged by a heartbeat, since a call to
//! Slack may take longer than that. Whoever could not prolong it in time stops making calls.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use time::OffsetDateTime;
use tocsin_entity::{
    database::Database,
    id::{DigestId, IncidentId},
    slack::{digest, incident},
};

/// How long a claim holds without a heartbeat.
pub(crate) const LEASE: Duration = Duration::from_secs(6);

/// How often claims are prolonged.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// What may be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Claimed {
    Incident(IncidentId),
    Digest(DigestId),
}

/// All claims of this process. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leases(Arc<Mutex<HashMap<Claimed, Instant>>>);

/// A claim in use; dropping it ends its heartbeat.
#[derive(Debug)]
pub(crate) struct Lease {
    leases: Leases,
    claimed: Claimed,
}

impl Leases {
    /// Notes a claim that was made in the database at `since` or later.
    pub(crate) fn hold(&self, claimed: Claimed, since: Instant) -> Lease {
        self.held().insert(claimed, since + LEASE);
        Lease {
            leases: self.clone(),
            claimed,
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<Claimed, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prolongs what is held, for as long as it is run.
    pub(crate) async fn run(&self, database: &Database, worker: &str) {
        let mut beat = tokio::time::interval(HEARTBEAT);
        loop {
            beat.tick().await;
            let began = Instant::now();
            // A claim that has run out may be another's by now.
            let held: Vec<_> = self
                .held()
                .iter()
                .filter(|(_, until)| **until > began)
                .map(|(of, _)| *of)
                .collect();
            if held.is_empty() {
                continue;
            }
            match prolong(database, worker, &held).await {
                Ok(()) => self.prolonged(&held, began + LEASE),
                Err(error) => tracing::error!(%error, "claims could not be prolonged: {error}"),
            }
        }
    }

    fn prolonged(&self, claims: &[Claimed], until: Instant) {
        let mut held = self.held();
        for claimed in claims {
            held.entry(*claimed).and_modify(|old| *old = until);
        }
    }
}

async fn prolong(database: &Database, worker: &str, held: &[Claimed]) -> Result<(), sea_orm::DbErr> {
    let until = OffsetDateTime::now_utc() + LEASE;
    let (mut incidents, mut digests) = (Vec::new(), Vec::new());
    for claimed in held {
        match claimed {
            Claimed::Incident(id) => incidents.push(*id),
            Claimed::Digest(id) => digests.push(*id),
        }
    }
    if !incidents.is_empty() {
        incident::Entity::update_many()
            .col_expr(incident::Column::ClaimedUntil, Expr::value(until))
            .filter(incident::Column::IncidentId.is_in(incidents))
            .filter(incident::Column::ClaimedBy.eq(worker))
            .exec(database.write())
            .await?;
    }
    if !digests.is_empty() {
        digest::Entity::update_many()
            .col_expr(digest::Column::ClaimedUntil, Expr::value(until))
            .filter(digest::Column::Id.is_in(digests))
            .filter(digest::Column::ClaimedBy.eq(worker))
            .exec(database.write())
            .await?;
    }
    Ok(())
}

impl Lease {
    /// Whether the claim still holds.
    pub(crate) fn holds(&self) -> bool {
        self.leases
            .held()
            .get(&self.claimed)
            .is_some_and(|until| Instant::now() < *until)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.leases.held().remove(&self.claimed);
    }
}
