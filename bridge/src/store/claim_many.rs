//! Claims on incidents, those that are made at the same moment by few statements.

use std::collections::{BTreeMap, HashMap, HashSet};

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Statement, Value,
};
use time::OffsetDateTime;
use tocsin_clock::Clock;
use tocsin_database::rows::{groups, padded};
use tocsin_entity::{
    id::IncidentId,
    slack::{digest_line, incident as slack_incident, post},
};

use super::{
    GroupWriter, Leases,
    claim::{Claimant, IncidentChange, IncidentClaim},
    group_writer::GroupWrite,
    lease::{LEASE, LeaseSubject},
    posts,
    rows::rows,
};

/// An incident as it was claimed, with what is on record of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ClaimedIncident {
    pub(crate) claim: IncidentClaim,
    pub(crate) recorded: Vec<post::Model>,
    pub(crate) lines: Vec<digest_line::Model>,
}

/// A claim that is to be made.
struct ClaimIncident {
    change: IncidentChange,
    /// Makes, whenever it is asked, who claims.
    claimant: Box<dyn Fn() -> Claimant + Send + Sync>,
}

/// Notes the news, and claims the incident if it is behind, due and nobody else has it. News make it due.
pub(crate) async fn claim_incident(
    writer: &GroupWriter,
    leases: &Leases,
    clock: &Clock,
    change: &IncidentChange,
) -> Result<Option<ClaimedIncident>, DbErr> {
    let claimant = leases.claimant(LeaseSubject::Incident(change.incident_id), clock);
    let write = ClaimIncident {
        change: change.clone(),
        claimant: Box::new(claimant),
    };
    writer.write_in_group(write).await
}

impl GroupWrite for ClaimIncident {
    type Answer = Option<ClaimedIncident>;

    async fn write_all(all: &[Self], tx: &DatabaseTransaction) -> Result<Vec<Self::Answer>, DbErr> {
        let wanted: Vec<_> = all
            .iter()
            .map(|one| (one.change.clone(), (one.claimant)()))
            .collect();
        claim_incidents(tx, &wanted).await
    }
}

/// The same of many, in a transaction; an answer for each. Where an incident stands there several times, it is claimed for one of them at the most.
pub(crate) async fn claim_incidents(
    tx: &DatabaseTransaction,
    wanted: &[(IncidentChange, Claimant)],
) -> Result<Vec<Option<ClaimedIncident>>, DbErr> {
    let mut claims: Vec<Option<ClaimedIncident>> = vec![None; wanted.len()];
    let mut taken = HashSet::new();
    let mut rest: Vec<usize> = (0..wanted.len()).collect();
    while !rest.is_empty() {
        let mut seen = HashSet::new();
        let (mut once, again): (Vec<usize>, Vec<usize>) = rest
            .into_iter()
            .partition(|index| seen.insert(wanted[*index].0.incident_id));
        // Whoever claims some of the same at the same time waits for them in the same order.
        once.sort_unstable_by_key(|index| wanted[*index].0.incident_id);
        for (index, claimed) in claim_once(tx, wanted, &once).await? {
            taken.insert(wanted[index].0.incident_id);
            claims[index] = Some(claimed);
        }
        rest = again;
        rest.retain(|index| !taken.contains(&wanted[*index].0.incident_id));
    }
    // Another has them, or they are not due: whoever works them next must still hear the news.
    let unclaimed: Vec<usize> = (0..wanted.len())
        .filter(|index| claims[*index].is_none())
        .collect();
    note_newest(tx, wanted, &unclaimed).await?;
    Ok(claims)
}

/// Claims those of these that may be claimed, among which no incident stands twice.
async fn claim_once(
    tx: &DatabaseTransaction,
    wanted: &[(IncidentChange, Claimant)],
    of: &[usize],
) -> Result<Vec<(usize, ClaimedIncident)>, DbErr> {
    let new = insert(tx, wanted, of).await?;
    let (first, known): (Vec<usize>, Vec<usize>) = of
        .iter()
        .partition(|index| new.contains(&wanted[**index].0.incident_id));
    let mut claims = Vec::with_capacity(of.len());
    for index in first {
        let (change, by) = &wanted[index];
        let claimed = ClaimedIncident {
            claim: IncidentClaim::first(change, by),
            recorded: Vec::new(),
            lines: Vec::new(),
        };
        claims.push((index, claimed));
    }
    let mut found = claim_known(tx, wanted, &known).await?;
    let mut on_record = OnRecord::read(tx, found.keys().copied().collect()).await?;
    for index in known {
        let id = wanted[index].0.incident_id;
        if let Some(claim) = found.remove(&id) {
            claims.push((index, on_record.take(id, claim)));
        }
    }
    Ok(claims)
}

/// Claims those of which nobody has heard before; which these are.
async fn insert(
    tx: &DatabaseTransaction,
    wanted: &[(IncidentChange, Claimant)],
    of: &[usize],
) -> Result<HashSet<IncidentId>, DbErr> {
    if of.is_empty() {
        return Ok(HashSet::new());
    }
    let row = |index: usize| {
        let (change, by) = &wanted[index];
        vec![
            change.incident_id.into(),
            change.organization_id.into(),
            change.version.into(),
            0_i64.into(),
            by.now.into(),
            0_i32.into(),
            by.worker.clone().into(),
            (by.now + LEASE).into(),
            change.request_id.clone().into(),
            1_i64.into(),
        ]
    };
    let rows = rows(padded(of.to_vec()).into_iter().map(row).collect(), 1);
    let sql = format!(
        "INSERT INTO slack_incident (incident_id, organization_id, wanted_version, shown_version, due_at, attempts,
           claimed_by, claimed_until, request_id, claim)
         VALUES {}
         ON CONFLICT (incident_id) DO NOTHING
         RETURNING incident_id",
        rows.text
    );
    ids(tx, &sql, rows.values).await
}

/// Claims those of which somebody has heard, where they may be claimed.
async fn claim_known(
    tx: &DatabaseTransaction,
    wanted: &[(IncidentChange, Claimant)],
    of: &[usize],
) -> Result<HashMap<IncidentId, IncidentClaim>, DbErr> {
    if of.is_empty() {
        return Ok(HashMap::new());
    }
    let of = padded(of.to_vec());
    let doubted = lock_known(tx, of.iter().map(|index| wanted[*index].0.incident_id).collect()).await?;
    let row = |index: usize| {
        let (change, by) = &wanted[index];
        vec![
            change.incident_id.into(),
            change.organization_id.into(),
            change.version.into(),
            by.now.into(),
            by.worker.clone().into(),
            (by.now + LEASE).into(),
            change.request_id.clone().into(),
            by.may_take_from().into(),
        ]
    };
    let rows = rows(of.into_iter().map(row).collect(), 1);
    // Both databases call the columns of a list of values column1, column2, …
    let sql = format!(
        "UPDATE slack_incident SET
           wanted_version = CASE WHEN column3 > wanted_version THEN column3 ELSE wanted_version END,
           request_id = CASE WHEN column3 > wanted_version THEN column7 ELSE request_id END,
           claimed_by = column5, claimed_until = column6, claim = claim + 1, in_doubt = FALSE
         FROM (VALUES {}) AS news
         WHERE incident_id = column1 AND organization_id = column2
           AND (claimed_until IS NULL OR claimed_until < column4 OR claimed_by = column8)
           AND ((shown_version < wanted_version AND due_at <= column4) OR wanted_version < column3)
         RETURNING incident_id, claim, wanted_version, shown_version, attempts, due_at, menu_uses",
        rows.text
    );
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, rows.values);
    let mut claims = HashMap::new();
    for row in tx.query_all_raw(statement).await? {
        let id: IncidentId = row.try_get("", "incident_id")?;
        if doubted.contains(&id) {
            posts::doubt(tx, post::Column::IncidentId.eq(id)).await?;
        }
        claims.insert(id, IncidentClaim::of(&row)?);
    }
    Ok(claims)
}

/// Locks incidents, in the order of their ids; which of them somebody has worked who may have died over it.
async fn lock_known(tx: &DatabaseTransaction, of: Vec<IncidentId>) -> Result<HashSet<IncidentId>, DbErr> {
    let mut known = slack_incident::Entity::find()
        .filter(slack_incident::Column::IncidentId.is_in(of))
        .order_by_asc(slack_incident::Column::IncidentId);
    // SQLite has one writer.
    if tx.get_database_backend() == DbBackend::Postgres {
        known = known.lock_exclusive();
    }
    let rows = known.all(tx).await?.into_iter();
    let doubted = rows.filter(|row| row.claimed_by.is_some() || row.in_doubt);
    Ok(doubted.map(|row| row.incident_id).collect())
}

async fn ids(tx: &DatabaseTransaction, sql: &str, values: Vec<Value>) -> Result<HashSet<IncidentId>, DbErr> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    let rows = tx.query_all_raw(statement).await?;
    rows.iter().map(|row| row.try_get("", "incident_id")).collect()
}

/// What is on record of incidents.
struct OnRecord {
    posts: HashMap<IncidentId, Vec<post::Model>>,
    lines: HashMap<IncidentId, Vec<digest_line::Model>>,
}

impl OnRecord {
    async fn read(tx: &DatabaseTransaction, of: Vec<IncidentId>) -> Result<Self, DbErr> {
        let mut found = Self {
            posts: HashMap::new(),
            lines: HashMap::new(),
        };
        if of.is_empty() {
            return Ok(found);
        }
        let posts = posts::of_incidents(tx, of.clone()).await?;
        for post in posts {
            if let Some(id) = post.incident_id {
                found.posts.entry(id).or_default().push(post);
            }
        }
        let lines = posts::lines_of_incidents(tx, of).await?;
        for line in lines {
            found.lines.entry(line.incident_id).or_default().push(line);
        }
        Ok(found)
    }

    fn take(&mut self, id: IncidentId, claim: IncidentClaim) -> ClaimedIncident {
        ClaimedIncident {
            claim,
            recorded: self.posts.remove(&id).unwrap_or_default(),
            lines: self.lines.remove(&id).unwrap_or_default(),
        }
    }
}

/// Notes the newest version of each of these incidents.
async fn note_newest(
    tx: &DatabaseTransaction,
    wanted: &[(IncidentChange, Claimant)],
    of: &[usize],
) -> Result<(), DbErr> {
    let mut newest: BTreeMap<IncidentId, &IncidentChange> = BTreeMap::new();
    for (change, _) in of.iter().map(|index| &wanted[*index]) {
        let known = newest.entry(change.incident_id).or_insert(change);
        if known.version < change.version {
            *known = change;
        }
    }
    if newest.is_empty() {
        return Ok(());
    }
    let row = |change: &IncidentChange| {
        vec![
            change.incident_id.into(),
            change.version.into(),
            change.request_id.clone().into(),
        ]
    };
    let all = padded(newest.into_values().collect()).into_iter();
    let rows = rows(all.map(row).collect(), 1);
    // They are on record, and locked only where this is news of them.
    let sql = format!(
        "UPDATE slack_incident SET wanted_version = column2, request_id = column3
         FROM (VALUES {}) AS news
         WHERE incident_id = column1 AND wanted_version < column2",
        rows.text
    );
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, rows.values);
    tx.execute_raw(statement).await?;
    Ok(())
}

/// Notes that incidents have come to versions, each once; those of which that was news. Must be committed before whatever told of it is forgotten.
pub(crate) async fn note_all(
    tx: &DatabaseTransaction,
    all: &[&IncidentChange],
    now: OffsetDateTime,
) -> Result<HashSet<IncidentId>, DbErr> {
    let mut noted = HashSet::new();
    for some in groups(all) {
        let row = |change: &&IncidentChange| {
            vec![
                change.incident_id.into(),
                change.organization_id.into(),
                change.version.into(),
                0_i64.into(),
                now.into(),
                0_i32.into(),
                change.request_id.clone().into(),
            ]
        };
        let rows = rows(some.iter().map(row).collect(), 1);
        let sql = format!(
            "INSERT INTO slack_incident
               (incident_id, organization_id, wanted_version, shown_version, due_at, attempts, request_id)
             VALUES {}
             ON CONFLICT (incident_id) DO UPDATE SET wanted_version = excluded.wanted_version, request_id = excluded.request_id
             WHERE slack_incident.wanted_version < excluded.wanted_version
             RETURNING incident_id",
            rows.text
        );
        noted.extend(ids(tx, &sql, rows.values).await?);
    }
    Ok(noted)
}
