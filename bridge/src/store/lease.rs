//! Claims that this process holds, kept alive while it works.
//!
//! A claim is short, so that the work of a worker that died is taken up soon, and is prolonged by a heartbeat, since a call to
//! Slack may take longer than that. Whoever could not prolong it in time stops making calls.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{ConnectionTrait, DbErr, Statement, Value};
use time::OffsetDateTime;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::id::{DigestId, IncidentId};
use uuid::Uuid;

use super::{claim::Claimant, fence::Fence};

/// How long a claim holds without a heartbeat.
pub(crate) const LEASE: Duration = Duration::from_secs(6);

/// How often claims are prolonged.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// How much of a claim must be left for a call to be begun.
const TO_SPARE: Duration = Duration::from_secs(1);

// A heartbeat may come late, or fail once.
const _: () = assert!(HEARTBEAT.as_millis() * 2 + TO_SPARE.as_millis() < LEASE.as_millis());

/// What may be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LeaseSubject {
    Incident(IncidentId),
    Digest(DigestId),
}

impl LeaseSubject {
    pub(super) const TABLES: [&'static str; 2] = ["slack_incident", "slack_digest"];

    pub(super) fn table(self) -> &'static str {
        match self {
            Self::Incident(_) => "slack_incident",
            Self::Digest(_) => "slack_digest",
        }
    }

    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Incident(_) => "incident_id",
            Self::Digest(_) => "id",
        }
    }

    pub(super) fn id(self) -> Value {
        self.uuid().into()
    }

    pub(super) fn uuid(self) -> Uuid {
        match self {
            Self::Incident(id) => id.0,
            Self::Digest(id) => id.0,
        }
    }
}

/// A claim that is held: its number, and until when it holds.
#[derive(Clone, Copy, Debug)]
struct Held {
    number: i64,
    until: Instant,
}

/// All claims of this process. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Leases {
    worker: Arc<str>,
    held: Arc<Mutex<HashMap<LeaseSubject, Held>>>,
}

/// A claim in use; dropping it ends its heartbeat.
#[derive(Debug)]
pub(crate) struct Lease {
    leases: Leases,
    claimed: LeaseSubject,
    number: i64,
}

impl Leases {
    /// `worker` is the name of this process in claims.
    pub(crate) fn new(worker: &str) -> Self {
        Self {
            worker: worker.into(),
            held: Arc::default(),
        }
    }

    /// Notes a claim that was made in the database at `since` or later.
    pub(crate) fn hold(&self, claimed: LeaseSubject, number: i64, since: Instant) -> Lease {
        let until = since + LEASE;
        let mut held = self.held();
        let newest = held.entry(claimed).or_insert(Held { number, until });
        if newest.number < number {
            *newest = Held { number, until };
        }
        drop(held);
        Lease {
            leases: self.clone(),
            claimed,
            number,
        }
    }

    /// Whether somebody in this process is at work on it.
    pub(crate) fn is_held(&self, claimed: LeaseSubject) -> bool {
        self.held().contains_key(&claimed)
    }

    /// Makes, whenever it is called, the claimant of a claim that this process is about to make.
    pub(crate) fn claimant(
        &self,
        of: LeaseSubject,
        clock: &Clock,
    ) -> impl Fn() -> Claimant + Send + Sync + use<> {
        let (worker, clock) = (self.worker.to_string(), clock.clone());
        let lost_track = !self.is_held(of);
        move || Claimant {
            worker: worker.clone(),
            now: clock.now(),
            lost_track,
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<LeaseSubject, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prolongs what is held, for as long as it is run.
    pub(crate) async fn run(&self, database: &Database, clock: &Clock) {
        let mut beat = tokio::time::interval(HEARTBEAT);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            let began = Instant::now();
            // A claim that has run out may be another's by now.
            let held: Vec<(LeaseSubject, i64)> = self
                .held()
                .iter()
                .filter(|(_, held)| held.until > began)
                .map(|(of, held)| (*of, held.number))
                .collect();
            for table in LeaseSubject::TABLES {
                let of_table: Vec<_> = held
                    .iter()
                    .filter(|(of, _)| of.table() == table)
                    .copied()
                    .collect();
                if of_table.is_empty() {
                    continue;
                }
                match prolong(database, &self.worker, &of_table, clock.now()).await {
                    Ok(own) => self.prolonged(&of_table, &own, began + LEASE),
                    Err(error) => tracing::error!(%error, "claims could not be prolonged: {error}"),
                }
            }
        }
    }

    /// Those of the claims that are this worker's still hold until then, and the others not any more.
    fn prolonged(&self, asked: &[(LeaseSubject, i64)], own: &[(Value, i64)], until: Instant) {
        let mut all = self.held();
        for (claimed, number) in asked {
            let is_own = own.contains(&(claimed.id(), *number));
            if let Some(held) = all.get_mut(claimed).filter(|held| held.number == *number) {
                held.until = if is_own { until } else { Instant::now() };
            }
        }
    }
}

/// Prolongs claims of one table; gives those that are this worker's still, as they are numbered now.
async fn prolong(
    database: &Database,
    worker: &str,
    held: &[(LeaseSubject, i64)],
    now: OffsetDateTime,
) -> Result<Vec<(Value, i64)>, DbErr> {
    let Some((one, _)) = held.first() else {
        return Ok(Vec::new());
    };
    let (table, key) = (one.table(), one.key());
    let mut values: Vec<Value> = vec![(now + LEASE).into(), worker.into()];
    values.extend(held.iter().map(|(of, _)| of.id()));
    let ids: Vec<String> = (3..3 + held.len()).map(|place| format!("${place}")).collect();
    let sql = format!(
        "UPDATE {table} SET claimed_until = $1 WHERE claimed_by = $2 AND {key} IN ({}) RETURNING {key} AS id, claim",
        ids.join(", ")
    );
    let writer = database.write();
    let statement = Statement::from_sql_and_values(writer.get_database_backend(), sql, values);
    let rows = writer.query_all_raw(statement).await?;
    rows.iter()
        .map(|row| {
            let id: Uuid = row.try_get("", "id")?;
            Ok((id.into(), row.try_get("", "claim")?))
        })
        .collect()
}

impl Lease {
    /// Whether the claim still holds, with time to spare: to be asked just before each call that cannot be repeated without harm.
    pub(crate) fn holds(&self) -> bool {
        self.leases
            .held()
            .get(&self.claimed)
            .is_some_and(|held| held.number == self.number && Instant::now() + TO_SPARE < held.until)
    }

    /// The condition of all that is written under the claim.
    pub(crate) fn fence(&self) -> Fence {
        Fence::new(self.claimed, self.number, &self.leases.worker)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut held = self.leases.held();
        if held
            .get(&self.claimed)
            .is_some_and(|held| held.number == self.number)
        {
            held.remove(&self.claimed);
        }
    }
}
