//! The list of what Slack does not show yet, and who works it.
//!
//! A row is behind while `shown_version < wanted_version`. Work on it is claimed, so that two workers do not make the same calls, and
//! ends in one of two ways: Slack shows it, or it is put off. Where a claim is found that did neither, whoever made it has died.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, FromQueryResult, QueryResult, Statement, Value,
};
use time::OffsetDateTime;
use tocsin_entity::{
    id::{DigestId, IncidentId, OrganizationId},
    slack::post,
};

use super::{
    lease::{LEASE, LeaseSubject},
    posts,
};

/// That an incident has come to a version.
#[derive(Clone, Debug)]
pub(crate) struct IncidentChange {
    pub(crate) incident_id: IncidentId,
    pub(crate) organization_id: OrganizationId,
    pub(crate) version: i64,
    pub(crate) request_id: Option<String>,
}

/// Who claims, and when.
#[derive(Clone, Debug)]
pub(crate) struct Claimant {
    pub(crate) worker: String,
    pub(crate) now: OffsetDateTime,
    /// Whether a claim that this worker made before is of no more use: nobody in this process holds it.
    pub(crate) lost_track: bool,
}

impl Claimant {
    /// Whose earlier claim may be taken as if it had run out.
    pub(super) fn may_take_from(&self) -> Option<String> {
        self.lost_track.then(|| self.worker.clone())
    }
}

/// Work that has been claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IncidentClaim {
    /// Grows with each claim of the same row.
    pub(crate) number: i64,
    pub(crate) wanted_version: i64,
    pub(crate) shown_version: i64,
    pub(crate) attempts: i32,
    /// When it was due. Whoever moves that while the work is being done wants it to be done again.
    pub(crate) due_at: OffsetDateTime,
    /// Whether nobody has heard of the incident before, so that nothing of it can be on record.
    pub(crate) is_first: bool,
    /// How often the menu of an incident's message was used.
    pub(crate) menu_uses: i32,
}

impl IncidentClaim {
    /// The claim on an incident of which nobody has heard before.
    pub(super) fn first(change: &IncidentChange, by: &Claimant) -> Self {
        Self {
            number: 1,
            wanted_version: change.version,
            shown_version: 0,
            attempts: 0,
            due_at: by.now,
            is_first: true,
            menu_uses: 0,
        }
    }

    /// The claim that a row tells of.
    pub(super) fn of(row: &QueryResult) -> Result<Self, DbErr> {
        let row = ClaimRow::from_query_result(row, "")?;
        Ok(Self {
            number: row.claim,
            wanted_version: row.wanted_version,
            shown_version: row.shown_version,
            attempts: row.attempts,
            due_at: row.due_at,
            is_first: false,
            menu_uses: row.menu_uses,
        })
    }
}

#[derive(FromQueryResult)]
struct ClaimRow {
    claim: i64,
    wanted_version: i64,
    shown_version: i64,
    attempts: i32,
    due_at: OffsetDateTime,
    menu_uses: i32,
}

async fn query(
    tx: &impl ConnectionTrait,
    sql: &str,
    values: Vec<Value>,
) -> Result<Option<QueryResult>, DbErr> {
    tx.query_one_raw(Statement::from_sql_and_values(
        tx.get_database_backend(),
        sql,
        values,
    ))
    .await
}

async fn execute(tx: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> Result<u64, DbErr> {
    let done = tx
        .execute_raw(Statement::from_sql_and_values(
            tx.get_database_backend(),
            sql,
            values,
        ))
        .await?;
    Ok(done.rows_affected())
}

/// Notes that an incident has come to a version; says whether that was news. Must be committed before whatever told of it is
/// forgotten.
pub(crate) async fn note(
    tx: &DatabaseTransaction,
    change: &IncidentChange,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    let values = vec![
        change.incident_id.into(),
        change.organization_id.into(),
        change.version.into(),
        now.into(),
        change.request_id.clone().into(),
    ];
    let noted = execute(
        tx,
        "INSERT INTO slack_incident
           (incident_id, organization_id, wanted_version, shown_version, due_at, attempts, request_id)
         VALUES ($1, $2, $3, 0, $4, 0, $5)
         ON CONFLICT (incident_id) DO UPDATE SET wanted_version = excluded.wanted_version, request_id = excluded.request_id
         WHERE slack_incident.wanted_version < excluded.wanted_version",
        values,
    )
    .await?;
    Ok(noted > 0)
}

/// Notes that an incident of which Slack has heard before has come to a version; says whether that was news.
pub(crate) async fn note_if_known(tx: &DatabaseTransaction, change: &IncidentChange) -> Result<bool, DbErr> {
    let noted = execute(
        tx,
        "UPDATE slack_incident SET wanted_version = $2, request_id = $3 WHERE incident_id = $1 AND wanted_version < $2",
        vec![change.incident_id.into(), change.version.into(), change.request_id.clone().into()],
    )
    .await?;
    Ok(noted > 0)
}

/// Whether what Slack shows of it may be something else than is on record: somebody has a claim, or had one and never let go of it, or
/// made calls after having lost it.
async fn is_doubted(tx: &DatabaseTransaction, of: LeaseSubject) -> Result<bool, DbErr> {
    let (table, key) = (of.table(), of.key());
    let sql =
        format!("SELECT 1 AS doubted FROM {table} WHERE {key} = $1 AND (claimed_by IS NOT NULL OR in_doubt)");
    Ok(query(tx, &sql, vec![of.id()]).await?.is_some())
}

/// Notes that the menu of an incident's message was used, and has the message looked at again; the incident's organisation, and the
/// version that is wanted of it. None where Slack has never heard of the incident.
pub(crate) async fn use_menu(
    tx: &impl ConnectionTrait,
    id: IncidentId,
    now: OffsetDateTime,
) -> Result<Option<(OrganizationId, i64)>, DbErr> {
    let row = query(
        tx,
        "UPDATE slack_incident SET
           menu_uses = menu_uses + 1, due_at = $2,
           shown_version = CASE WHEN shown_version >= wanted_version THEN wanted_version - 1 ELSE shown_version END
         WHERE incident_id = $1
         RETURNING organization_id, wanted_version",
        vec![id.into(), now.into()],
    )
    .await?;
    let read = |row: QueryResult| {
        Ok((
            row.try_get("", "organization_id")?,
            row.try_get("", "wanted_version")?,
        ))
    };
    row.map(read).transpose()
}

/// Has an incident shown anew everywhere, its whole timeline included: there is a new place for it.
pub(crate) async fn show_again(
    tx: &impl ConnectionTrait,
    id: IncidentId,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    execute(
        tx,
        "UPDATE slack_incident SET shown_version = 0, due_at = $2 WHERE incident_id = $1",
        vec![id.into(), now.into()],
    )
    .await?;
    Ok(())
}

/// Claims a digest if it is behind, due and nobody else has it.
pub(crate) async fn claim_digest(
    tx: &DatabaseTransaction,
    id: DigestId,
    by: &Claimant,
) -> Result<Option<IncidentClaim>, DbErr> {
    let now = by.now;
    let doubted = is_doubted(tx, LeaseSubject::Digest(id)).await?;
    let row = query(
        tx,
        "UPDATE slack_digest SET claimed_by = $3, claimed_until = $4, claim = claim + 1, in_doubt = FALSE
         WHERE id = $1 AND (claimed_until IS NULL OR claimed_until < $2 OR claimed_by = $5)
           AND shown_version < wanted_version AND due_at <= $2
         RETURNING claim, wanted_version, shown_version, attempts, due_at, 0 AS menu_uses",
        vec![
            id.into(),
            now.into(),
            by.worker.clone().into(),
            (now + LEASE).into(),
            by.may_take_from().into(),
        ],
    )
    .await?;
    let Some(row) = row else { return Ok(None) };
    if doubted {
        posts::doubt(tx, post::Column::DigestId.eq(id)).await?;
    }
    IncidentClaim::of(&row).map(Some)
}

/// A worker has made calls after it had lost its claim: whoever has it now, or has it next, writes anew what Slack shows.
pub(crate) async fn doubt(
    tx: &impl ConnectionTrait,
    of: LeaseSubject,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    execute(
        tx,
        &format!(
            "UPDATE {} SET
               in_doubt = TRUE, due_at = $2,
               shown_version = CASE WHEN shown_version >= wanted_version THEN wanted_version - 1 ELSE shown_version END
             WHERE {} = $1",
            of.table(),
            of.key()
        ),
        vec![of.id(), now.into()],
    )
    .await?;
    Ok(())
}
