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

use super::{lease::LEASE, posts};

/// That an incident has come to a version.
#[derive(Clone, Debug)]
pub(crate) struct News {
    pub(crate) incident_id: IncidentId,
    pub(crate) organization_id: OrganizationId,
    pub(crate) version: i64,
    pub(crate) request_id: Option<String>,
}

/// Work that has been claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
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

#[derive(FromQueryResult)]
struct ClaimRow {
    wanted_version: i64,
    shown_version: i64,
    attempts: i32,
    due_at: OffsetDateTime,
    claimed_by: Option<String>,
    menu_uses: i32,
}

/// How work ended that could not be finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PutOff {
    pub(crate) due_at: OffsetDateTime,
    /// Why it failed; none when it merely waits for its turn, which is no attempt.
    pub(crate) error: Option<String>,
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
pub(crate) async fn note(tx: &DatabaseTransaction, news: &News) -> Result<bool, DbErr> {
    let values = vec![
        news.incident_id.into(),
        news.organization_id.into(),
        news.version.into(),
        OffsetDateTime::now_utc().into(),
        news.request_id.clone().into(),
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
pub(crate) async fn note_if_known(tx: &DatabaseTransaction, news: &News) -> Result<bool, DbErr> {
    let noted = execute(
        tx,
        "UPDATE slack_incident SET wanted_version = $2, request_id = $3 WHERE incident_id = $1 AND wanted_version < $2",
        vec![news.incident_id.into(), news.version.into(), news.request_id.clone().into()],
    )
    .await?;
    Ok(noted > 0)
}

/// Notes the news, and claims the incident if it is behind, due and nobody else has it. News make it due.
pub(crate) async fn claim_incident(
    tx: &DatabaseTransaction,
    news: &News,
    worker: &str,
) -> Result<Option<Claim>, DbErr> {
    let now = now();
    let values = || -> Vec<Value> {
        vec![
            news.incident_id.into(),
            news.organization_id.into(),
            news.version.into(),
            now.into(),
            worker.into(),
            (now + LEASE).into(),
            news.request_id.clone().into(),
        ]
    };
    let first = execute(
        tx,
        "INSERT INTO slack_incident (incident_id, organization_id, wanted_version, shown_version, due_at, attempts,
           claimed_by, claimed_until, request_id)
         VALUES ($1, $2, $3, 0, $4, 0, $5, $6, $7)
         ON CONFLICT (incident_id) DO NOTHING",
        values(),
    );
    if first.await? == 1 {
        let wanted_version = news.version;
        return Ok(Some(Claim {
            wanted_version,
            shown_version: 0,
            attempts: 0,
            due_at: now,
            is_first: true,
            menu_uses: 0,
        }));
    }
    let was_broken_off = is_claimed(tx, "slack_incident", "incident_id", news.incident_id.into()).await?;
    let row = query(
        tx,
        "UPDATE slack_incident SET
           wanted_version = CASE WHEN $3 > wanted_version THEN $3 ELSE wanted_version END,
           request_id = CASE WHEN $3 > wanted_version THEN $7 ELSE request_id END,
           claimed_by = $5, claimed_until = $6
         WHERE incident_id = $1 AND organization_id = $2
           AND (claimed_until IS NULL OR claimed_until < $4 OR claimed_by = $5)
           AND ((shown_version < wanted_version AND due_at <= $4) OR wanted_version < $3)
         RETURNING wanted_version, shown_version, attempts, due_at, claimed_by, menu_uses",
        values(),
    )
    .await?;
    if let Some(row) = row {
        if was_broken_off {
            posts::doubt(tx, post::Column::IncidentId.eq(news.incident_id)).await?;
        }
        return claimed(&row, worker);
    }
    // Another has it, or it is not due: whoever works it next must still hear the news.
    note(tx, news).await?;
    Ok(None)
}

/// Whether somebody has a claim, or had one and never let go of it.
async fn is_claimed(
    tx: &DatabaseTransaction,
    table: &'static str,
    key: &'static str,
    id: Value,
) -> Result<bool, DbErr> {
    let sql = format!("SELECT 1 AS claimed FROM {table} WHERE {key} = $1 AND claimed_by IS NOT NULL");
    Ok(query(tx, &sql, vec![id]).await?.is_some())
}

fn claimed(row: &QueryResult, worker: &str) -> Result<Option<Claim>, DbErr> {
    let row = ClaimRow::from_query_result(row, "")?;
    let claim = Claim {
        wanted_version: row.wanted_version,
        shown_version: row.shown_version,
        attempts: row.attempts,
        due_at: row.due_at,
        is_first: false,
        menu_uses: row.menu_uses,
    };
    Ok(Some(claim).filter(|_| row.claimed_by.as_deref() == Some(worker)))
}

/// What is finished: the version that Slack shows by now, under the claim that was made for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finished {
    pub(crate) shown_version: i64,
    pub(crate) due_at: OffsetDateTime,
}

/// Lets go of an incident whose version Slack shows. Says whether there is more to do: something newer is wanted, or somebody wants
/// it looked at again.
pub(crate) async fn finish_incident(
    tx: &DatabaseTransaction,
    id: IncidentId,
    finished: Finished,
    worker: &str,
) -> Result<bool, DbErr> {
    finish(tx, "slack_incident", "incident_id", id.into(), finished, worker).await
}

/// Notes that the menu of an incident's message was used, and has the message looked at again; the incident's organisation, and the
/// version that is wanted of it. None where Slack has never heard of the incident.
pub(crate) async fn use_menu(
    tx: &impl ConnectionTrait,
    id: IncidentId,
) -> Result<Option<(OrganizationId, i64)>, DbErr> {
    let row = query(
        tx,
        "UPDATE slack_incident SET
           menu_uses = menu_uses + 1, due_at = $2,
           shown_version = CASE WHEN shown_version >= wanted_version THEN wanted_version - 1 ELSE shown_version END
         WHERE incident_id = $1
         RETURNING organization_id, wanted_version",
        vec![id.into(), now().into()],
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
pub(crate) async fn show_again(tx: &impl ConnectionTrait, id: IncidentId) -> Result<(), DbErr> {
    execute(
        tx,
        "UPDATE slack_incident SET shown_version = 0, due_at = $2 WHERE incident_id = $1",
        vec![id.into(), now().into()],
    )
    .await?;
    Ok(())
}

/// Lets go of an incident that cannot be shown yet.
pub(crate) async fn put_off_incident(
    tx: &DatabaseTransaction,
    id: IncidentId,
    put_off: &PutOff,
    worker: &str,
) -> Result<(), DbErr> {
    self::put_off(tx, "slack_incident", "incident_id", id.into(), put_off, worker).await
}

/// Claims a digest if it is behind, due and nobody else has it.
pub(crate) async fn claim_digest(
    tx: &DatabaseTransaction,
    id: DigestId,
    worker: &str,
) -> Result<Option<Claim>, DbErr> {
    let now = now();
    let was_broken_off = is_claimed(tx, "slack_digest", "id", id.into()).await?;
    let row = query(
        tx,
        "UPDATE slack_digest SET claimed_by = $3, claimed_until = $4
         WHERE id = $1 AND (claimed_until IS NULL OR claimed_until < $2 OR claimed_by = $3)
           AND shown_version < wanted_version AND due_at <= $2
         RETURNING wanted_version, shown_version, attempts, due_at, claimed_by, 0 AS menu_uses",
        vec![id.into(), now.into(), worker.into(), (now + LEASE).into()],
    )
    .await?;
    let Some(row) = row else { return Ok(None) };
    if was_broken_off {
        posts::doubt(tx, post::Column::DigestId.eq(id)).await?;
    }
    claimed(&row, worker)
}

/// Lets go of a digest whose version Slack shows. Says whether something newer is wanted.
pub(crate) async fn finish_digest(
    tx: &DatabaseTransaction,
    id: DigestId,
    finished: Finished,
    worker: &str,
) -> Result<bool, DbErr> {
    finish(tx, "slack_digest", "id", id.into(), finished, worker).await
}

/// Lets go of a digest that cannot be shown yet.
pub(crate) async fn put_off_digest(
    tx: &DatabaseTransaction,
    id: DigestId,
    put_off: &PutOff,
    worker: &str,
) -> Result<(), DbErr> {
    self::put_off(tx, "slack_digest", "id", id.into(), put_off, worker).await
}

async fn finish(
    tx: &DatabaseTransaction,
    table: &'static str,
    key: &'static str,
    id: Value,
    finished: Finished,
    worker: &str,
) -> Result<bool, DbErr> {
    let row = query(
        tx,
        &format!(
            "UPDATE {table} SET
               shown_version = CASE WHEN due_at = $3 AND $2 > shown_version THEN $2 ELSE shown_version END,
               due_at = $5, attempts = 0, last_error = NULL, claimed_by = NULL, claimed_until = NULL
             WHERE {key} = $1 AND claimed_by = $4
             RETURNING wanted_version, shown_version"
        ),
        vec![
            id,
            finished.shown_version.into(),
            finished.due_at.into(),
            worker.into(),
            now().into(),
        ],
    )
    .await?;
    let Some(row) = row else { return Ok(false) };
    let (wanted, shown): (i64, i64) = (
        row.try_get("", "wanted_version")?,
        row.try_get("", "shown_version")?,
    );
    Ok(shown < wanted)
}

/// As exact as both databases keep it, so that it can be compared with what was read.
fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_microsecond(now.microsecond()).unwrap_or(now)
}

async fn put_off(
    tx: &DatabaseTransaction,
    table: &'static str,
    key: &'static str,
    id: Value,
    put_off: &PutOff,
    worker: &str,
) -> Result<(), DbErr> {
    let attempt = i32::from(put_off.error.is_some());
    execute(
        tx,
        &format!(
            "UPDATE {table} SET due_at = $2, attempts = attempts + $3, last_error = $4, claimed_by = NULL, claimed_until = NULL
             WHERE {key} = $1 AND claimed_by = $5"
        ),
        vec![id, put_off.due_at.into(), attempt.into(), put_off.error.clone().into(), worker.into()],
    )
    .await?;
    Ok(())
}
