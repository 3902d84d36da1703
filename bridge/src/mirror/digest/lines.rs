//! The lines of digests: how an incident gets one, and how it follows the incident.

use std::time::Duration;

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr,
    EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter, Statement,
};
use time::OffsetDateTime;
use tocsin_client::Incident;
use tocsin_clock::Clock;
use tocsin_entity::{
    id::{ConnectorId, DigestId, OrganizationId, PostId},
    kinds::PostKind,
    slack::{digest, digest_line, post},
};

use super::content::LINES_MAX;
use crate::{
    mirror::{content, deliver::Delivery, desired::Destination},
    store::{Lane, fence::Fence, posts},
};

/// How often a digest is written at the most: its updates share their pace with those of all incidents.
pub(crate) const BETWEEN: Duration = Duration::from_secs(3);

/// A line that is to be added.
#[derive(Clone)]
struct NewLine {
    organization_id: OrganizationId,
    incident: Incident,
    to: Destination,
    /// The record of the message that the incident will not have.
    instead_of: Option<PostId>,
}

#[derive(FromQueryResult)]
struct Grown {
    id: DigestId,
    lines: i32,
}

/// Gives the incident a line in the connector's open digest, in place of a message of its own. None where another worker has the incident by
/// now.
pub(crate) async fn admit(
    delivery: &mut Delivery<'_>,
    to: &Destination,
    root_key: &str,
    incident: &Incident,
) -> Result<Option<DigestId>, DbErr> {
    if !delivery.flush().await? {
        return Ok(None);
    }
    let root = delivery.recorded.iter().position(|post| post.key == root_key);
    let line = NewLine {
        organization_id: incident.organization_id,
        incident: incident.clone(),
        to: to.clone(),
        instead_of: root.map(|index| delivery.recorded[index].id),
    };
    let (fence, clock) = (delivery.lease.fence(), delivery.service.clock.clone());
    let add = delivery.service.lane.write(move |tx| {
        let (line, fence, now) = (line.clone(), fence.clone(), clock.now());
        Box::pin(async move {
            if !fence.stands(tx).await? {
                return Ok(None);
            }
            add(tx, &line, now).await.map(Some)
        })
    });
    let Some(digest) = add.await? else { return Ok(None) };
    if let Some(index) = root {
        delivery.recorded.remove(index);
    }
    metrics::counter!("tocsin_bridge_digest_lines_total").increment(1);
    tracing::info!(
        "#{} is shown in a digest: its own message would come too late",
        incident.number
    );
    Ok(Some(digest))
}

async fn add(tx: &DatabaseTransaction, line: &NewLine, now: OffsetDateTime) -> Result<DigestId, DbErr> {
    if let Some(instead_of) = line.instead_of {
        posts::forget(tx, instead_of).await?;
    }
    let (incident_id, connector_id) = (line.incident.id, line.to.connector_id);
    if let Some(there) = digest_line::Entity::find_by_id((incident_id, connector_id))
        .one(tx)
        .await?
    {
        return Ok(there.digest_id);
    }
    let grown = match grow(tx, connector_id, now).await? {
        Some(grown) => grown,
        None => open(tx, line, now).await?,
    };
    let row = digest_line::Model {
        incident_id,
        connector_id,
        digest_id: grown.id,
        position: grown.lines,
        line: content::line(&line.incident).as_str().to_owned(),
        shown_version: line.incident.version,
    };
    digest_line::Entity::insert(row.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(grown.id)
}

/// When a digest is due that has just changed: soon, but not too often.
const DUE: &str =
    "due_at = CASE WHEN shown_version < wanted_version THEN due_at WHEN due_at > $3 THEN $4 ELSE $2 END";

async fn grow(
    tx: &DatabaseTransaction,
    connector: ConnectorId,
    now: OffsetDateTime,
) -> Result<Option<Grown>, DbErr> {
    let sql = format!(
        "UPDATE slack_digest SET lines = lines + 1, wanted_version = wanted_version + 1, last_line_at = $2, {DUE}
         WHERE connector_id = $1 AND closed_at IS NULL AND lines < {LINES_MAX}
         RETURNING id, lines"
    );
    let values = [
        connector.into(),
        now.into(),
        (now - BETWEEN).into(),
        (now + BETWEEN).into(),
    ];
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Grown::find_by_statement(statement).one(tx).await
}

async fn open(tx: &DatabaseTransaction, line: &NewLine, now: OffsetDateTime) -> Result<Grown, DbErr> {
    close(tx, line.to.connector_id, now).await?;
    let id = DigestId::new();
    let row = digest::Model {
        id,
        organization_id: line.organization_id,
        connector_id: line.to.connector_id,
        lines: 1,
        opened_at: now,
        last_line_at: now,
        closed_at: None,
        wanted_version: 1,
        shown_version: 0,
        due_at: now,
        attempts: 0,
        last_error: None,
        claimed_by: None,
        claimed_until: None,
        claim: 0,
        in_doubt: false,
    };
    digest::Entity::insert(row.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    posts::save(tx, &intended(line, id, now)).await?;
    Ok(Grown { id, lines: 1 })
}

async fn close(tx: &DatabaseTransaction, connector: ConnectorId, now: OffsetDateTime) -> Result<(), DbErr> {
    digest::Entity::update_many()
        .col_expr(digest::Column::ClosedAt, sea_orm::sea_query::Expr::value(now))
        .filter(digest::Column::ConnectorId.eq(connector))
        .filter(digest::Column::ClosedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Closes one digest: its message is gone, and what comes next needs another. That is so whoever says it.
pub(crate) async fn close_one(lane: &Lane, clock: &Clock, id: DigestId) -> Result<(), DbErr> {
    let clock = clock.clone();
    let write = lane.write(move |tx| {
        let now = clock.now();
        Box::pin(async move {
            digest::Entity::update_many()
                .col_expr(digest::Column::ClosedAt, sea_orm::sea_query::Expr::value(now))
                .filter(digest::Column::Id.eq(id))
                .filter(digest::Column::ClosedAt.is_null())
                .exec(tx)
                .await
        })
    });
    write.await.map(|_| ())
}

/// The key of a digest's message.
pub(crate) fn key(digest: DigestId) -> String {
    format!("digest:{digest}")
}

fn intended(line: &NewLine, digest: DigestId, now: OffsetDateTime) -> post::Model {
    post::Model {
        digest_id: Some(digest),
        connector_id: Some(line.to.connector_id),
        connector_name: line.to.connector_name.clone(),
        workspace_id: line.to.workspace,
        team_id: line.to.team_id.clone(),
        channel_id: line.to.channel_id.clone(),
        channel_name: line.to.channel_name.clone(),
        ..posts::queued(line.organization_id, key(digest), PostKind::Digest, now)
    }
}

/// Makes an incident's lines tell its present state; gives the digests that are to be written for that. None where another worker has the
/// incident by now.
pub(crate) async fn follow(
    lane: &Lane,
    clock: &Clock,
    fence: &Fence,
    lines: &[digest_line::Model],
    incident: &Incident,
) -> Result<Option<Vec<DigestId>>, DbErr> {
    let mut digests = Vec::new();
    for line in lines.iter().filter(|line| line.shown_version < incident.version) {
        match change(lane, clock, fence, line, incident).await? {
            LineChange::Digest(digest) => digests.push(digest),
            LineChange::None => {}
            LineChange::Lost => return Ok(None),
        }
    }
    Ok(Some(digests))
}

/// What follows from a line that tells its incident's present state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineChange {
    /// The line said so already.
    None,
    /// This digest is to be written.
    Digest(DigestId),
    /// Nothing was written: another worker has the incident by now.
    Lost,
}

/// Makes the incident's line tell its present state.
async fn change(
    lane: &Lane,
    clock: &Clock,
    fence: &Fence,
    old: &digest_line::Model,
    incident: &Incident,
) -> Result<LineChange, DbErr> {
    let text = content::line(incident).as_str().to_owned();
    let (old, version) = (old.clone(), incident.version);
    let (fence, clock) = (fence.clone(), clock.clone());
    let write = lane.write(move |tx| {
        let (old, text) = (old.clone(), text.clone());
        let (fence, now) = (fence.clone(), clock.now());
        Box::pin(async move {
            if !fence.stands(tx).await? {
                return Ok(LineChange::Lost);
            }
            let says_so = old.line == text;
            let digest = old.digest_id;
            let mut row = old.into_active_model();
            row.line = Set(text);
            row.shown_version = Set(version);
            row.update(tx).await?;
            if says_so {
                return Ok(LineChange::None);
            }
            touch(tx, digest, now).await.map(|()| LineChange::Digest(digest))
        })
    });
    write.await
}

async fn touch(tx: &DatabaseTransaction, digest: DigestId, now: OffsetDateTime) -> Result<(), DbErr> {
    let sql = format!("UPDATE slack_digest SET wanted_version = wanted_version + 1, {DUE} WHERE id = $1");
    let values = [
        digest.into(),
        now.into(),
        (now - BETWEEN).into(),
        (now + BETWEEN).into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(
        tx.get_database_backend(),
        sql,
        values,
    ))
    .await?;
    Ok(())
}

/// All lines of a digest, in their order.
pub(crate) async fn of_digest(db: &impl ConnectionTrait, digest: DigestId) -> Result<Vec<String>, DbErr> {
    use sea_orm::{QueryOrder, QuerySelect};
    digest_line::Entity::find()
        .select_only()
        .column(digest_line::Column::Line)
        .filter(digest_line::Column::DigestId.eq(digest))
        .order_by_asc(digest_line::Column::Position)
        .into_tuple()
        .all(db)
        .await
}
